import type { IncomingHttpHeaders } from 'node:http';

/**
 * Returns the token of an `Authorization: Bearer` header, or null. The extractor of passport-jwt
 * takes quadratic time: a 16 KB header, which needs no account to send, took a third of a second.
 */
export function bearerTokenOf({ headers }: { headers: IncomingHttpHeaders }): string | null {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}
