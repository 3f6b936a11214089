import { randomBytes } from 'node:crypto';

/** Returns a unique id of a public room: suites may share one server. */
export function uniqueRoom(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}
