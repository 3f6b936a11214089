import { describe, it } from '@jest/globals';
import { missingProgram, type RequiredProgram } from '../programs.ts';

/**
 * A suite that needs a program which may not be installed.
 *
 * Without it the suite is skipped, and its title says why; where `CI` is set
 * nothing may be skipped, so there it fails.
 */
export function describeWith(program: RequiredProgram, name: string, suite: () => void): void {
  describeUnless(missingProgram(program), name, suite);
}

/** @param reason why the suite cannot run, as {@link describeWith} says it; undefined if it can */
export function describeUnless(reason: string | undefined, name: string, suite: () => void): void {
  if (reason === undefined) {
    describe(name, suite);
  } else if (process.env['CI']) {
    describe(name, () => {
      it('finds what it needs', () => {
        throw new Error(`${reason}, and in CI no suite may be skipped`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${reason})`, suite);
  }
}
