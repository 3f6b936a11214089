import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NX = fileURLToPath(new URL('../../../node_modules/nx/dist/bin/nx.js', import.meta.url));

/** Runs Nx in this workspace; resolves with its output. */
export const nx = (...args: string[]): Promise<string> => nxIn(ROOT, ...args);

/** Runs Nx in a workspace; resolves with its output. */
export async function nxIn(root: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [NX, ...args], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' },
  });
  return stdout;
}

/** Targets of a project by name, as Nx resolves them. */
export type Targets = Readonly<Record<string, { readonly inputs?: readonly unknown[] }>>;

/** Returns the targets of every project. */
export async function targetsOfProjects(): Promise<ReadonlyMap<string, Targets>> {
  const { graph } = JSON.parse(await nx('graph', '--file=stdout')) as ProjectGraph;
  return new Map(Object.entries(graph.nodes).map(([name, { data }]) => [name, data.targets]));
}

interface ProjectGraph {
  readonly graph: {
    readonly nodes: Readonly<Record<string, { readonly data: { readonly targets: Targets } }>>;
  };
}
