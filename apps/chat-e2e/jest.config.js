import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest knows them for all projects together only.
delete shared.passWithNoTests;
delete shared.testTimeout;

/** The same suites against every way in which the chat runs; `globals.chatRunsAs` says which. */
const project = (chatRunsAs, ...folders) => ({
  ...shared,
  displayName: chatRunsAs,
  globals: { chatRunsAs },
  testMatch: folders.map((folder) => `<rootDir>/src/${folder}/**/*.spec.ts`),
});
/** Backing servers are slow to start, so that all suites share them. */
const withServers = {
  globalSetup: '<rootDir>/src/support/start-servers.js',
  globalTeardown: '<rootDir>/src/support/stop-servers.js',
};

export default {
  reporters,
  testTimeout: 60_000,
  maxWorkers: 1,
  projects: [
    project('standalone', 'everywhere', 'at-one-address', 'standalone'),
    { ...project('gateway', 'everywhere', 'at-one-address'), ...withServers },
    { ...project('services', 'everywhere'), ...withServers },
    { ...project('several', 'several'), ...withServers },
  ],
};
