import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Counts } from './check/counts.ts';
import type { Violation } from './check/invariants.ts';

/** Result of one run, one line of the results file. */
export interface Result {
  /** Name of the fault, such as `redis:freeze`. */
  readonly fault: string;
  /** Key of the committed code version; with a trailing `+` for uncommitted changes. */
  readonly code: string;
  readonly commit: string;
  readonly at: string;
  /** The process that the fault hit. */
  readonly victim: string;
  readonly hit: boolean;
  readonly evidence: readonly string[];
  readonly violations: readonly Violation[];
  readonly counts: Counts;
}

/**
 * File of results as JSON lines, so that a series can be resumed. Each write begins with a newline,
 * so that an incomplete line does not corrupt the next one.
 */
export class ResultFile {
  constructor(readonly path: string) {}

  /** Returns all results; empty when the file does not exist. */
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
   * Writes the details of a run to a separate file beside the results.
   *
   * @returns the path of that file
   */
  async saveDetails({ fault, at }: Result, details: object): Promise<string> {
    const name = `${fault} ${at}`.replace(/[^a-z0-9]+/gi, '-');
    const path = join(dirname(this.path), `${name}.json`);
    await writeFile(path, JSON.stringify(details, null, 1));
    return path;
  }
}

/** Parses a line; returns no result for an empty or incomplete one. */
function resultIn(line: string): Result[] {
  try {
    return [JSON.parse(line) as Result];
  } catch {
    return [];
  }
}
