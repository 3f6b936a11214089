import { randomBytes } from 'node:crypto';

/** Returns a public room id that no other suite uses, because suites may share one server. */
export function uniqueRoom(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}
