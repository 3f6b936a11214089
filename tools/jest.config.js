import preset from '../jest.preset.js';

export default {
  ...preset,
  displayName: 'tools',
  // One suite runs commands in a fresh clone, for as long as all others together.
  maxWorkers: 2,
  testMatch: ['<rootDir>/**/*.spec.ts'],
  testTimeout: 60_000,
};
