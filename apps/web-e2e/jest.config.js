import preset from '../../jest.preset.js';

const { reporters, ...shared } = preset;
// Jest knows it for all projects together only.
delete shared.passWithNoTests;
// That of all projects together is longer.
delete shared.testTimeout;

/** The same suites against the page of the standalone server and of the gateway. */
const project = (pageComesFrom) => ({
  ...shared,
  displayName: pageComesFrom,
  globals: { pageComesFrom },
});

export default {
  reporters,
  testTimeout: 90_000,
  maxWorkers: 1,
  projects: [project('standalone'), project('gateway')],
};
