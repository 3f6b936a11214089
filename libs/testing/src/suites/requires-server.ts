import { describe, it } from '@jest/globals';
import { missingProgram, type RequiredProgram } from '../processes/programs.ts';

/**
 * Declares a suite that needs a program which may not be installed.
 *
 * If the program is missing, the suite is skipped and its title gives the reason; if `CI` is set,
 * no suite may be skipped, so the suite fails.
 */
export function describeWithProgram(
  program: RequiredProgram,
  name: string,
  suite: () => void,
): void {
  describeUnlessMissing(missingProgram(program), name, suite);
}

/**
 * Declares a suite, or skips it for a reason like {@link describeWithProgram}.
 *
 * @param reason why the suite cannot run; undefined if it can
 */
export function describeUnlessMissing(
  reason: string | undefined,
  name: string,
  suite: () => void,
): void {
  if (reason === undefined) {
    describe(name, suite);
  } else if (process.env['CI']) {
    describe(name, () => {
      it('has all required programs', () => {
        throw new Error(`${reason}, and in CI no suite may be skipped`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${reason})`, suite);
  }
}
