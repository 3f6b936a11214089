import { existsSync } from 'node:fs';
import { describe, it } from '@jest/globals';

/** Programs that only some suites need, which a developer may be without: Debian's packages of these names. */
const PROGRAMS = {
  chromium: '/usr/bin/chromium',
  'docker-compose': '/usr/bin/docker-compose',
  'rabbitmq-server': '/usr/lib/rabbitmq/bin/rabbitmq-server',
  'redis-server': '/usr/bin/redis-server',
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
  describeUnless(missingProgram(program), name, suite);
}

/** Why a program cannot be run; undefined if it can. */
export function missingProgram(program: RequiredProgram): string | undefined {
  const path = PROGRAMS[program];
  return existsSync(path) ? undefined : `${path} is not installed`;
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
