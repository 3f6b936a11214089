import { existsSync } from 'node:fs';

/** Programs that only some suites need, which a developer may be without, as Debian's packages have them. */
const PROGRAMS = {
  chromium: '/usr/bin/chromium',
  'docker-compose': '/usr/bin/docker-compose',
  nginx: '/usr/sbin/nginx',
  'rabbitmq-server': '/usr/lib/rabbitmq/bin/rabbitmq-server',
  'redis-server': '/usr/bin/redis-server',
  strace: '/usr/bin/strace',
} as const;

export type RequiredProgram = keyof typeof PROGRAMS;

/** Why a program cannot be run; undefined if it can. */
export function missingProgram(program: RequiredProgram): string | undefined {
  const path = PROGRAMS[program];
  return existsSync(path) ? undefined : `${path} is not installed`;
}
