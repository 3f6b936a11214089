import { z } from 'zod';

/** Limits of the wire contract. Rates are settings of the server and are not listed here. */

/** Maximum length of a message text, in characters (UTF-16 code units) after trimming. */
export const MAX_TEXT_LENGTH = 4_000;
/** Maximum bytes of one message in a response: its text in UTF-8, and its other fields. */
export const MAX_MESSAGE_BYTES = 3 * MAX_TEXT_LENGTH + 1_024;
/** Maximum size of a Socket.IO packet and of a REST body, in bytes. */
export const MAX_PACKET_BYTES = 64 * 1024;
/** Maximum number of messages in a page of history or changes. */
export const MAX_PAGE_SIZE = 200;
/** Default number of messages in a page. */
export const DEFAULT_PAGE_SIZE = 50;
/** Maximum number of changes in the acknowledgement of `joinRoom`. */
export const MAX_JOIN_CHANGES = 100;
/** Maximum bytes of these changes; a client reads the remaining ones page by page. */
export const MAX_JOIN_BYTES = 256 * 1024;
/** Minimum length of a password, in characters. */
export const MIN_PASSWORD_LENGTH = 8;
/** Maximum length of a password, in characters; limits the cost of hashing. */
export const MAX_PASSWORD_LENGTH = 256;

/** Whole number in a query string: digits only. */
export const QueryNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

/** Creates the schema of a `limit` query parameter with a maximum and a default. */
export function limitParameter(max: number, defaultLimit: number) {
  return QueryNumber.pipe(z.int().min(1).max(max)).default(defaultLimit);
}
