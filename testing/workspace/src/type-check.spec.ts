import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './nx.ts';

describe('the type check', () => {
  it('covers every project of the workspace', async () => {
    const folders = ['tools'];
    for (const parent of ['apps', 'libs', 'testing']) {
      for (const child of await readdir(join(ROOT, parent))) folders.push(`${parent}/${child}`);
    }
    const projects = folders.filter((folder) => existsSync(join(ROOT, folder, 'package.json')));
    const { references } = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8')) as {
      references: { path: string }[];
    };
    expect(references.map(({ path }) => path.replace('./', '')).sort()).toEqual(projects.sort());
  });
});
