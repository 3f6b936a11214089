import { randomBytes } from 'node:crypto';

/** Returns an id for a public room that no other suite uses: suites share a running chat. */
export function uniqueRoom(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}
