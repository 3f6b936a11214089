/**
 * Shared Jest settings: TypeScript by swc, native ES modules, workspace packages from their
 * sources.
 */
export default {
  testEnvironment: 'node',
  passWithNoTests: true,
  // Longer than the waits in tests, so that a test fails with its own timeout message.
  testTimeout: 30_000,
  reporters: ['default', import.meta.dirname + '/tools/test/outcome-reporter.js'],
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/src/**/*.spec.tsx'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  testEnvironmentOptions: { customExportConditions: ['development', 'node'] },
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true, decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
