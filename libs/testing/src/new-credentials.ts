import { randomUUID } from 'node:crypto';

/** Password for every account that suites create. */
export const PASSWORD = 'correct horse battery';

/** Returns an email address that no account has yet, and its password. */
export function newCredentials(name: string): {
  readonly email: string;
  readonly password: string;
} {
  return { email: `${name}-${randomUUID()}@example.com`, password: PASSWORD };
}
