import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest supports these options only globally, not per project.
delete shared.passWithNoTests;
delete shared.testTimeout;

/** Returns a project that tests the page of one server: `standalone`, or the gateway. */
const project = (pageServer) => ({
  ...shared,
  displayName: pageServer,
  globals: { pageServer },
});

export default {
  reporters,
  testTimeout: 90_000,
  maxWorkers: 2,
  projects: [
    project('standalone'),
    {
      ...project('gateway'),
      // The page does not depend on the server in these; chat-e2e covers the services.
      testPathIgnorePatterns: [
        '<rootDir>/src/(history|hostile-messages|member-roles|message-changes|messaging|network|outage|phone|private-room)',
      ],
      globalSetup: '<rootDir>/src/support/start-servers.js',
      globalTeardown: '<rootDir>/src/support/stop-servers.js',
    },
  ],
};
