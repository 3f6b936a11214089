import { existsSync } from 'node:fs';
import { describe, it } from '@jest/globals';

/** Programs that only some suites need, which a developer may be without: Debian's packages of these names. */
const PROGRAMS = {
  chromium: '/usr/bin/chromium',
  'rabbitmq-server': '/usr/lib/rabbitmq/bin/rabbitmq-server',
  strace: '/usr/bin/strace',
} as const;

export type RequiredProgram = keyof typeof PROGRAMS;

/**
 * A suite that needs a program which may not be installed.
 *
 * Without it the suite is skipped, and its title says why; where `CI` is set
 * nothing may be skipped, so there it fails.
 */
export function describeWith(program: RequiredProgram, name: string, suite: () => void): void {
  if (existsSync(PROGRAMS[program])) {
    describe(name, suite);
  } else if (process.env['CI']) {
    describe(name, () => {
      it(`finds ${program}`, () => {
        throw new Error(`${PROGRAMS[program]} is missing, and in CI no suite may be skipped`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${PROGRAMS[program]} is not installed)`, suite);
  }
}
