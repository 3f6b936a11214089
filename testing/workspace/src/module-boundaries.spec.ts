import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import { ROOT } from './nx.ts';

const eslint = new ESLint({
  cwd: ROOT,
  ruleFilter: ({ ruleId }) =>
    ['@nx/enforce-module-boundaries', 'no-restricted-imports'].includes(ruleId),
  // These rules need no type information, which takes most of the time.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

/** Returns the errors of the boundary rules for an existing file with different content. */
async function boundaryErrors(filePath: string, text: string): Promise<string[]> {
  const results = await eslint.lintText(text, { filePath });
  return results
    .flatMap(({ messages }) => messages)
    .map(({ severity, message }) => (severity === 2 ? message : `only a warning: ${message}`));
}

const planted = [
  {
    violation: 'a feature that imports an adapter (type axis)',
    file: 'libs/realtime/src/index.ts',
    text: `export * from '@chat/storage-sqlite';`,
    error: /"type:feature" can only depend on libs tagged with/,
  },
  {
    violation: 'a util that imports a feature',
    file: 'libs/testing/src/index.ts',
    text: `export * from '@chat/realtime';`,
    // Every feature depends on every util, so the rule reports the cycle first.
    error: /Circular dependency between "@chat\/testing" and "@chat\/realtime"/,
  },
  {
    violation: 'the contracts that import a library of the workspace',
    file: 'libs/contracts/src/index.ts',
    text: `export * from '@chat/platform/failures';`,
    error: /Circular dependency between "@chat\/contracts" and "@chat\/platform"/,
  },
  {
    violation: 'the page that imports server code (scope axis)',
    file: 'apps/web/src/main.tsx',
    text: `import '@chat/platform/failures';`,
    error: /"scope:client" can only depend on libs tagged with/,
  },
  {
    violation: 'a server library that imports the client library (scope axis)',
    file: 'libs/realtime/src/index.ts',
    text: `export * from '@chat/client';`,
    error: /"scope:server" can only depend on libs tagged with/,
  },
  {
    violation: 'a server library that imports the testing library (scope axis)',
    file: 'libs/realtime/src/index.ts',
    text: `export * from '@chat/testing';`,
    error: /"scope:server" can only depend on libs tagged with/,
  },
  {
    violation: 'the contracts that import a framework (banned import)',
    file: 'libs/contracts/src/index.ts',
    text: `export * from '@nestjs/common';`,
    error: /"type:contracts" is not allowed to import "@nestjs\/common"/,
  },
  {
    violation: 'the client library that imports a framework (banned import)',
    file: 'libs/client/src/index.ts',
    text: `export * from '@nestjs/common';`,
    error: /"scope:client" is not allowed to import "@nestjs\/common"/,
  },
  {
    violation: 'a feature that imports a database driver (banned import)',
    file: 'libs/messages/src/index.ts',
    text: `export * from 'mongoose';`,
    error: /"type:feature" is not allowed to import "mongoose"/,
  },
  {
    violation: 'a util that imports a message broker (banned import)',
    file: 'libs/platform/src/failures/index.ts',
    text: `export * from 'amqp-connection-manager';`,
    error: /"type:util" is not allowed to import "amqp-connection-manager"/,
  },
  {
    violation: 'a feature that imports node:sqlite (restricted import)',
    file: 'libs/messages/src/index.ts',
    text: `export * from 'node:sqlite';`,
    error: /'node:sqlite' import is restricted/,
  },
  {
    violation: 'a project that imports another project by a relative path',
    file: 'libs/realtime/src/index.ts',
    text: `export * from '../../platform/src/failures/index.ts';`,
    error: /Projects cannot be imported by a relative or absolute path/,
  },
];

describe('the module boundaries', () => {
  for (const { violation, file, text, error } of planted) {
    it(`reject ${violation}`, async () => {
      expect(await boundaryErrors(file, text)).toEqual([expect.stringMatching(error)]);
    });
  }

  it('allow a feature to import a feature, the platform, the contracts and NestJS', async () => {
    const text = ['@chat/rooms', '@chat/platform/failures', '@chat/contracts', '@nestjs/common']
      .map((name) => `export * from '${name}';`)
      .join('\n');
    expect(await boundaryErrors('libs/messages/src/index.ts', text)).toEqual([]);
  });
});
