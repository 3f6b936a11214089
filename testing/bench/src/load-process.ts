import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Step, StepResponse, StepResults } from './steps.ts';

const GENERATOR = fileURLToPath(new URL('load-generator.js', import.meta.url));

/**
 * The load generator in a separate process, so that its CPU time is not counted as the server's.
 */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<never>;

  constructor(url: string) {
    this.#child = fork(GENERATOR, [url]);
    this.#exited = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the load generator exited with ${String(code)}`);
    });
    this.#exited.catch(() => undefined);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the load generator did not start');
    return pid;
  }

  /**
   * Runs a step; resolves with its result.
   *
   * @throws Error when the step failed, for example because a send was rejected
   */
  async run<S extends Step>(step: S): Promise<StepResults[S]> {
    const response = once(this.#child, 'message') as Promise<[StepResponse]>;
    this.#child.send(step);
    const [{ result, error }] = await Promise.race([response, this.#exited]);
    if (error !== undefined) throw new Error(`${step}: ${error}`);
    return result as StepResults[S];
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
