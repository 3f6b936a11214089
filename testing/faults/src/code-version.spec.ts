import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeVersion } from './code-version.ts';

describe('codeVersion', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'faults-'));
    git('init', '--quiet');
    for (const name of ['apps', 'libs', 'testing/faults', 'docs']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    commit('apps/app.ts', 'libs/lib.ts', 'testing/faults/check.ts', 'docs/text.md');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps its key after a commit that changes only documents', async () => {
    const before = await codeVersion(folder);
    commit('docs/more.md');
    const after = await codeVersion(folder);
    expect(after).toMatchObject({ key: before.key, clean: true });
    expect(after.commit).not.toBe(before.commit);
  });

  it.each(['apps/app2.ts', 'libs/lib2.ts', 'testing/faults/check2.ts'])(
    'has a new key after a commit to %s',
    async (path) => {
      const before = await codeVersion(folder);
      commit(path);
      expect((await codeVersion(folder)).key).not.toBe(before.key);
    },
  );

  it('is not clean with a modified or an untracked file', async () => {
    write('apps/app.ts', 'changed');
    expect((await codeVersion(folder)).clean).toBe(false);
    git('checkout', '--quiet', 'apps/app.ts');
    expect((await codeVersion(folder)).clean).toBe(true);
    write('libs/new.ts', 'new');
    expect((await codeVersion(folder)).clean).toBe(false);
  });

  it('is not clean outside a git repository, where its key is GITHUB_SHA or "unknown"', async () => {
    rmSync(join(folder, '.git'), { recursive: true });
    const { key, clean } = await codeVersion(folder);
    expect(key).toBe(process.env['GITHUB_SHA'] ?? 'unknown');
    expect(clean).toBe(false);
  });

  function commit(...paths: string[]): void {
    for (const path of paths) write(path, path);
    git('add', '.');
    git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'A');
  }

  function write(path: string, text: string): void {
    writeFileSync(join(folder, path), text);
  }

  function git(...args: string[]): void {
    execFileSync('git', args, { cwd: folder });
  }
});
