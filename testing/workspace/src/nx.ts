import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NX = fileURLToPath(new URL('../../../node_modules/nx/dist/bin/nx.js', import.meta.url));

/** File of the project graph, relative to the workspace. */
const GRAPH = '.nx/graph.json';

/** Runs Nx in a workspace; resolves with its output. */
export const nxIn = (root: string, ...args: string[]): Promise<string> => run(root, args);

/**
 * Runs Nx in a workspace with the project graph of the previous run. Creating the graph takes most
 * of the time of a short command.
 */
export const nxWithLastGraphIn = (root: string, ...args: string[]): Promise<string> =>
  run(root, args, { NX_FORCE_REUSE_CACHED_GRAPH: 'true' });

/** Runs Nx in this workspace with the graph of {@link createGraph}; resolves with its output. */
export const nx = (...args: string[]): Promise<string> => nxWithLastGraphIn(ROOT, ...args);

async function run(
  root: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [NX, ...args], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '', ...env },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** Targets of a project by name, as Nx resolves them. */
export type Targets = Readonly<Record<string, { readonly inputs?: readonly unknown[] }>>;

/**
 * Creates the project graph of this workspace, which most runs of Nx here need. ESLint's rule for
 * module boundaries reads the cached graph too, and reports nothing if it is missing.
 */
export const createGraph = (): Promise<string> => nxIn(ROOT, 'graph', `--file=${GRAPH}`);

/** Returns the targets of every project. */
export async function targetsOfProjects(): Promise<ReadonlyMap<string, Targets>> {
  const { graph } = JSON.parse(await readFile(join(ROOT, GRAPH), 'utf8')) as ProjectGraph;
  return new Map(Object.entries(graph.nodes).map(([name, { data }]) => [name, data.targets]));
}

interface ProjectGraph {
  readonly graph: {
    readonly nodes: Readonly<Record<string, { readonly data: { readonly targets: Targets } }>>;
  };
}
