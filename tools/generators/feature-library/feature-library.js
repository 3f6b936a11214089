import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { formatFiles, generateFiles, names, updateJson } from '@nx/devkit';

/**
 * Creates `libs/<name>`: an empty NestJS module with a first test. The lockfile and `node_modules`
 * link it, as `npm install` would. `nx sync` adds the references between projects.
 *
 * @throws Error if a library with this name exists
 */
export default async function featureLibrary(tree, { name }) {
  const root = `libs/${name}`;
  if (tree.exists(root)) throw new Error(`${root} already exists.`);
  const { className } = names(name);
  generateFiles(tree, join(import.meta.dirname, 'files'), root, { name, className });
  updateJson(tree, 'tsconfig.json', (config) => ({
    ...config,
    references: sortedBy([...config.references, { path: `./${root}` }], ({ path }) => path),
  }));
  updateJson(tree, 'package-lock.json', (lock) => ({
    ...lock,
    packages: withWorkspace(lock.packages, root, `@chat/${name}`),
  }));
  await formatFiles(tree);
  return () => linkWorkspace(tree.root, root, name);
}

/** Returns the packages of the lockfile with an additional workspace, in npm's order. */
function withWorkspace(packages, root, packageName) {
  const added = {
    ...packages,
    [root]: { name: packageName, version: '0.1.0' },
    [`node_modules/${packageName}`]: { resolved: root, link: true },
  };
  return Object.fromEntries(sortedBy(Object.entries(added), ([path]) => path));
}

/** npm sorts in English collation order. */
const sortedBy = (items, keyOf) => items.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b), 'en'));

function linkWorkspace(workspace, root, name) {
  const link = join(workspace, 'node_modules/@chat', name);
  if (!existsSync(link)) symlinkSync(join('../..', root), link);
}
