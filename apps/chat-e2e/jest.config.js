import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest knows them for all projects together only.
delete shared.passWithNoTests;
delete shared.testTimeout;

/** The same suites against every way in which the chat runs; `globals.chatRunsAs` says which. */
const project = (name, chatRunsAs, ...folders) => ({
  ...shared,
  displayName: name,
  globals: { chatRunsAs },
  testMatch: folders.map((folder) => `<rootDir>/src/${folder}/**/*.spec.ts`),
});
/** Backing servers are slow to start, so that all suites share them. */
const withServers = {
  globalSetup: '<rootDir>/src/support/start-servers.js',
  globalTeardown: '<rootDir>/src/support/stop-servers.js',
};
/** These measure processes: nothing else may run beside them. */
const alone = { runner: '<rootDir>/src/support/serial-runner.js' };

export default {
  reporters,
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    project('standalone', 'standalone', 'everywhere', 'at-one-address', 'standalone'),
    { ...project('gateway', 'gateway', 'everywhere', 'at-one-address'), ...withServers },
    { ...project('services', 'services', 'everywhere'), ...withServers },
    { ...project('several', 'services', 'several'), ...withServers },
    { ...project('standalone-measured', 'standalone', 'measured'), ...alone },
    { ...project('gateway-measured', 'gateway', 'measured'), ...withServers, ...alone },
    {
      ...project('services-measured', 'services', 'measured'),
      ...withServers,
      ...alone,
      // The gateway's run asks the same of the same services.
      testPathIgnorePatterns: ['large-fan-out', 'large-reads'],
    },
  ],
};
