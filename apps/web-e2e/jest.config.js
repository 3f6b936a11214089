import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest knows them for all projects together only.
delete shared.passWithNoTests;
delete shared.testTimeout;

/** The suites run against the page of the standalone server and of the gateway. */
const project = (pageComesFrom) => ({
  ...shared,
  displayName: pageComesFrom,
  globals: { pageComesFrom },
});

export default {
  reporters,
  testTimeout: 90_000,
  maxWorkers: 2,
  projects: [
    project('standalone'),
    {
      ...project('gateway'),
      // What the page makes of a message or a small screen is the same behind every server.
      testPathIgnorePatterns: ['hostile-messages', 'phone'],
      globalSetup: '<rootDir>/src/support/start-servers.js',
      globalTeardown: '<rootDir>/src/support/stop-servers.js',
    },
  ],
};
