import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@chat/testing';
import ts from 'typescript';
import { ScriptedServer } from '../test/scripted-server.ts';

const PACKAGE = join(import.meta.dirname, '..');
/** In the package, so that the example resolves its imports like any file in the workspace. */
const EXAMPLE = join(PACKAGE, 'dist/readme/example.ts');

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start();
  const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
  const [, example = ''] = /^```ts\n(.*?)^```/ms.exec(readme) ?? [];
  expect(example).toContain("'http://localhost:3000'");
  await mkdir(dirname(EXAMPLE), { recursive: true });
  await writeFile(EXAMPLE, example.replace("'http://localhost:3000'", `'${server.url}'`));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
});

describe('The first example of README.md', () => {
  it('prints the message that it sends, and closes the client', async () => {
    const printed: unknown[] = [];
    jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(line));
    await import(EXAMPLE);
    await eventually(() => expect(printed).toEqual(['ada: Hello']));
    await eventually(() => expect(server.sockets).toBe(0));
    expect(server.messages('general').map(({ text }) => text)).toEqual(['Hello']);
  });

  it('has no type errors', () => {
    expect(typeErrors(EXAMPLE)).toEqual([]);
  });
});

/** Returns the type errors in a file with the compiler settings of this package. */
function typeErrors(file: string): string[] {
  const config = join(PACKAGE, 'tsconfig.spec.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile.bind(ts.sys)).config,
    ts.sys,
    PACKAGE,
  );
  const program = ts.createProgram([file], { ...options, composite: false, noEmit: true });
  const source = program.getSourceFile(file);
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
