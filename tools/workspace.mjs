import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Returns every package of this workspace by name, with its folder and dependencies. */
export async function workspacePackages() {
  const folders = ['tools'];
  for (const parent of ['apps', 'libs', 'testing']) {
    for (const child of await readdir(join(ROOT, parent))) folders.push(join(parent, child));
  }
  const packages = new Map();
  for (const folder of folders) {
    const manifest = join(ROOT, folder, 'package.json');
    // After a branch switch Git leaves folders behind that contain ignored files.
    if (!existsSync(manifest)) continue;
    const { name, dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8'));
    packages.set(name, { folder: join(ROOT, folder), dependencies: Object.keys(dependencies) });
  }
  return packages;
}

/**
 * Returns the folders of packages and of their workspace dependencies; the first package comes
 * first.
 */
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
