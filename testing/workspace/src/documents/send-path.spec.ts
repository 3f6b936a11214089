import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { ROOT } from '../nx.ts';

/** Names as `path:function`, `path:Class.method` or `path:Class.#method`. */
const REFERENCE = /`((?:apps|libs)\/[^`:\s]+):([\w$]+)(?:\.(#?[\w$]+))?`/g;

const references = [
  ...(await readFile(join(ROOT, 'docs/send-path.md'), 'utf8')).matchAll(REFERENCE),
].map(([text, path = '', name = '', member]) => ({ text, path, name, member }));

describe('docs/send-path.md', () => {
  it('names functions in both halves of the path', () => {
    const paths = references.map(({ path }) => path);
    expect(paths).toContain('apps/web/src/conversation/Composer.tsx');
    expect(paths).toContain('libs/storage-mongo/src/messages/mongo-message-store.ts');
    expect(paths.length).toBeGreaterThan(40);
  });

  it.each(references)('names an existing function: $text', async ({ path, name, member }) => {
    const file = join(ROOT, path);
    expect(existsSync(file)).toBe(true);
    const source = ts.createSourceFile(path, await readFile(file, 'utf8'), ts.ScriptTarget.Latest);
    expect(declaredNames(source)).toContain(member === undefined ? name : `${name}.${member}`);
  });
});

/** Functions, constants and classes in a file, and the methods of its classes as `Class.method`. */
function declaredNames(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return statement.name?.text ?? [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText(source));
    }
    if (!ts.isClassDeclaration(statement)) return [];
    const className = statement.name?.text ?? '';
    const methods = statement.members
      .filter((member) => ts.isMethodDeclaration(member))
      .map(({ name }) => `${className}.${name.getText(source)}`);
    return [className, ...methods];
  });
}
