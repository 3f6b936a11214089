import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest accepts these options only at the top level.
delete shared.passWithNoTests;
delete shared.testTimeout;

/** Returns a Jest project for one deployment of the chat, `globals.chatDeployment`. */
const project = (name, chatDeployment, ...folders) => ({
  ...shared,
  displayName: name,
  globals: { chatDeployment },
  testMatch: folders.map((folder) => `<rootDir>/src/${folder}/**/*.spec.ts`),
});
const globalTeardown = '<rootDir>/src/support/stop-servers.js';
/** All suites share the backing servers, which are slow to start. */
const withServers = { globalSetup: '<rootDir>/src/support/start-servers.js', globalTeardown };
/** Suites that need no other settings and stop no process also share the services. */
const withTopology = { globalSetup: '<rootDir>/src/support/start-topologies.js', globalTeardown };
/** Suites that measure processes run serially, with no other suite in parallel. */
const serial = { runner: '<rootDir>/src/support/serial-runner.js' };

export default {
  reporters,
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    project('standalone', 'standalone', 'all-deployments', 'single-origin', 'standalone'),
    { ...project('gateway', 'gateway', 'all-deployments', 'single-origin'), ...withTopology },
    {
      ...project('services', 'services', 'all-deployments'),
      ...withTopology,
      // The gateway project covers the others with the same services.
      testMatch: [
        '<rootDir>/src/all-deployments/(conversation|legacy-client|rate-limits|rooms).spec.ts',
      ],
    },
    { ...project('multi-instance', 'services', 'multi-instance'), ...withServers },
    { ...project('standalone-measured', 'standalone', 'measured'), ...serial },
    { ...project('gateway-measured', 'gateway', 'measured'), ...withServers, ...serial },
    {
      ...project('services-measured', 'services', 'measured'),
      ...withServers,
      ...serial,
      // The gateway project covers these with the same services.
      testPathIgnorePatterns: ['<rootDir>/src/measured/(large-fan-out|large-reads)'],
    },
  ],
};
