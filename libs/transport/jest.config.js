import preset from '../../jest.preset.js';

export default {
  ...preset,
  displayName: 'transport',
  // Suites wait for brokers most of the time.
  maxWorkers: 2,
  globalSetup: '<rootDir>/test/start-broker.js',
  globalTeardown: '<rootDir>/test/stop-broker.js',
};
