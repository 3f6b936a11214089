import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Counts } from './check/counts.ts';
import type { Violation } from './check/invariants.ts';

/** One line of the results: one run. */
export interface Result {
  /** Such as `redis:freeze`. */
  readonly fault: string;
  /** Of the code that was running, as committed; `+` behind it when it was changed since. */
  readonly code: string;
  readonly commit: string;
  readonly at: string;
  /** The process that the fault befell. */
  readonly victim: string;
  readonly hit: boolean;
  readonly evidence: readonly string[];
  readonly violations: readonly Violation[];
  readonly counts: Counts;
}

/**
 * Results as JSON lines in a file, so that a series can be gone on with. Each begins a line of its
 * own, so that one that was broken off in the middle spoils no other.
 */
export class ResultFile {
  constructor(readonly path: string) {}

  /** Empty when there is no file. */
  async read(): Promise<Result[]> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    return text.split('\n').flatMap(resultIn);
  }

  async append(result: Result): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await appendFile(this.path, `\n${JSON.stringify(result)}`);
  }

  /**
   * Keeps all that is known of a run in a file of its own, beside the results.
   *
   * @returns its path
   */
  async keep({ fault, at }: Result, everything: object): Promise<string> {
    const name = `${fault} ${at}`.replace(/[^a-z0-9]+/gi, '-');
    const path = join(dirname(this.path), `${name}.json`);
    await writeFile(path, JSON.stringify(everything, null, 1));
    return path;
  }
}

/** None in an empty line, and in one that was broken off. */
function resultIn(line: string): Result[] {
  try {
    return [JSON.parse(line) as Result];
  } catch {
    return [];
  }
}
