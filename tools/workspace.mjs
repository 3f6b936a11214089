import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every package of this workspace by its name, with its folder and the names that it depends on. */
export async function workspacePackages() {
  const folders = ['tools'];
  for (const parent of ['apps', 'libs']) {
    for (const child of await readdir(join(ROOT, parent))) folders.push(join(parent, child));
  }
  const packages = new Map();
  for (const folder of folders) {
    const manifest = join(ROOT, folder, 'package.json');
    // Git leaves the folders of another branch behind when files that it ignores are in them.
    if (!existsSync(manifest)) continue;
    const { name, dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8'));
    packages.set(name, { folder: join(ROOT, folder), dependencies: Object.keys(dependencies) });
  }
  return packages;
}

/** The folders of packages and of all in the workspace that they depend on; that of the first comes first. */
export async function foldersNeededBy(...names) {
  const packages = await workspacePackages();
  const folders = new Set();
  const visit = (packageName) => {
    const found = packages.get(packageName);
    if (!found || folders.has(found.folder)) return;
    folders.add(found.folder);
    found.dependencies.forEach(visit);
  };
  names.forEach(visit);
  return [...folders];
}
