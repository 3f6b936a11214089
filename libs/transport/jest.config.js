import preset from '../../jest.preset.js';

export default {
  ...preset,
  displayName: 'transport',
  // The suites spend most of their time waiting for brokers.
  maxWorkers: 2,
  globalSetup: '<rootDir>/test/start-broker.js',
  globalTeardown: '<rootDir>/test/stop-broker.js',
};
