import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import jsxA11y from 'eslint-plugin-jsx-a11y-x';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Packages that connect to other processes: only adapters (type:data) and apps import them. */
const ADAPTER_PACKAGES = [
  'mongoose',
  '@nestjs/mongoose',
  'ioredis',
  'amqplib',
  'amqp-connection-manager',
  '@socket.io/redis-adapter',
  'cache-manager-ioredis-yet',
];

/** Server packages, banned in code that runs in a browser. */
const SERVER_PACKAGES = ['@nestjs/*', 'socket.io', 'express', 'passport*', 'pino*', 'nestjs-*'];

/** First axis: dependencies between scopes. */
const SCOPES = [
  { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  {
    sourceTag: 'scope:client',
    onlyDependOnLibsWithTags: ['scope:client', 'scope:shared'],
    bannedExternalImports: SERVER_PACKAGES,
  },
  { sourceTag: 'scope:server', onlyDependOnLibsWithTags: ['scope:server', 'scope:shared'] },
  {
    sourceTag: 'scope:testing',
    onlyDependOnLibsWithTags: ['scope:testing', 'scope:server', 'scope:client', 'scope:shared'],
  },
];

/** Tests may also import `scope:testing` and the client library. */
const TEST_SCOPES = SCOPES.map(({ sourceTag, onlyDependOnLibsWithTags }) => ({
  sourceTag,
  onlyDependOnLibsWithTags: [...onlyDependOnLibsWithTags, 'scope:testing', 'scope:client'],
}));

const TESTS = ['**/*.spec.ts', '**/*.spec.tsx', 'libs/*/test/**/*.ts'];

/** Second axis: the layers, from the wire contract outwards. */
const TYPES = [
  {
    sourceTag: 'type:contracts',
    onlyDependOnLibsWithTags: ['type:contracts'],
    allowedExternalImports: ['zod'],
  },
  {
    sourceTag: 'type:util',
    onlyDependOnLibsWithTags: ['type:util', 'type:contracts'],
    bannedExternalImports: ADAPTER_PACKAGES,
  },
  {
    sourceTag: 'type:feature',
    onlyDependOnLibsWithTags: ['type:feature', 'type:util', 'type:contracts'],
    bannedExternalImports: ADAPTER_PACKAGES,
  },
  {
    sourceTag: 'type:data',
    onlyDependOnLibsWithTags: ['type:feature', 'type:util', 'type:contracts'],
  },
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:data', 'type:feature', 'type:util', 'type:contracts'],
  },
];

const moduleBoundaries = (scopes) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    { banTransitiveDependencies: true, depConstraints: [...scopes, ...TYPES] },
  ],
});

export default defineConfig(
  globalIgnores(['**/dist/', '**/bundle/', '**/coverage/', '**/test-results/', '.nx/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['apps/*/vite.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      ...moduleBoundaries(SCOPES),
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'node:sqlite', message: 'Only libs/storage-sqlite opens the database.' }],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // NestJS modules are classes that only carry a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // React's event handlers may be asynchronous.
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false } },
      ],
      // A port is an abstract class, implemented structurally.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // The rule does not detect reads by a decorator.
      'no-useless-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-misused-spread': [
        'error',
        { allow: [{ from: 'lib', name: 'string' }] },
      ],
      // `return void stop()` and `return stop()` are early returns in one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['libs/storage-sqlite/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['libs/storage-sqlite/src/worker/**/*.ts'],
    ignores: TESTS,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@chat/',
              allowTypeImports: true,
              message:
                'A value would load the whole package, in tests a stale build, in the thread.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/**/*.ts'],
    ignores: [...TESTS, 'libs/testing/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: TESTS,
    rules: moduleBoundaries(TEST_SCOPES),
  },
  {
    files: ['apps/web/**/*.ts', 'apps/web/**/*.tsx'],
    // The original plugin does not run on ESLint 10 yet.
    extends: [reactHooks.configs.flat.recommended, jsxA11y.configs.recommended],
    rules: {
      // Our components set the focus where it belongs: the first field, the harmless choice.
      'jsx-a11y-x/no-autofocus': ['error', { ignoreNonDOM: true }],
      // A region that scrolls must be reachable by keyboard.
      'jsx-a11y-x/no-noninteractive-tabindex': ['error', { roles: ['region'], tags: [] }],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        AbortSignal: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
