import preset from '../../jest.preset.js';

export default {
  ...preset,
  displayName: 'workspace',
  // One suite, which runs commands in a workspace copy, takes as long as all others together.
  maxWorkers: 2,
  testTimeout: 60_000,
  globalSetup: '<rootDir>/src/create-graph.ts',
};
