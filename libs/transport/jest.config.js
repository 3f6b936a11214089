import preset from '../../jest.preset.js';

export default {
  ...preset,
  displayName: 'transport',
  globalSetup: '<rootDir>/test/start-broker.js',
  globalTeardown: '<rootDir>/test/stop-broker.js',
};
