import { runInNewContext } from 'node:vm';
import { array, assert, constantFrom, oneof, property, record, type Arbitrary } from 'fast-check';

/** Far larger than the contract limits, so that quadratic work is much slower than linear work. */
const LENGTH = 200_000;
/** Ten times the duration of linear work on a busy machine. */
const TIME_LIMIT_MS = 10_000;
const RUNS = 300;

/** Opening fragments, then each run, repeated to fill an equal share of the length. */
interface HostilePattern {
  readonly opening: readonly string[];
  readonly runs: readonly (readonly string[])[];
}

const FRAGMENT = oneof(
  constantFrom('http', 'https://', 'https://a', 'https://a.b/', 'https://1.2.3.4.5/', '://', 'a@'),
  characterOf('()[]{}<>"\'`’“」'),
  characterOf('.,:;!?/\\@#%&=+*_~-|^$。،'),
  characterOf('aZ09é日🙂 \n\t\0'),
  constantFrom('..', '::', 'a.', 'a-', 'ab', '%ZZ', 'Bearer ', '\r\n'),
  constantFrom('\u0301', '\u0316', '\u200b', '\u200d', '\u200f', '\u202e', '\ufeff'),
  constantFrom('\ud83d', '\ude00'),
);

const PATTERN: Arbitrary<HostilePattern> = record({
  opening: array(FRAGMENT, { maxLength: 3 }),
  runs: array(array(FRAGMENT, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
});

/**
 * Asserts that `check` returns true for generated hostile texts, in at most linear time.
 *
 * @param options `length`: length of each text in UTF-16 code units
 */
export function assertForHostileTexts(
  check: (text: string) => boolean,
  { length = LENGTH }: { length?: number } = {},
): void {
  assert(
    property(PATTERN, (pattern) => assertLinearTime(() => check(textOf(pattern, length)))),
    // No shrinking: each attempt would take seconds.
    { numRuns: RUNS, endOnFailure: true },
  );
}

/** Returns the result of synchronous work; throws when it takes longer than linear work would. */
export function assertLinearTime<T>(work: () => T): T {
  let result: { value: T } | undefined;
  const context = { work: () => void (result = { value: work() }) };
  runInNewContext('work()', context, { timeout: TIME_LIMIT_MS });
  if (!result) throw new Error('The work did not run.');
  return result.value;
}

function characterOf(characters: string): Arbitrary<string> {
  return constantFrom(...Array.from(characters));
}

function textOf({ opening, runs }: HostilePattern, length: number): string {
  const share = length / runs.length;
  const repeated = runs.map((run) => {
    const text = run.join('');
    return text.repeat(Math.ceil(share / text.length));
  });
  return (opening.join('') + repeated.join('')).slice(0, length);
}
