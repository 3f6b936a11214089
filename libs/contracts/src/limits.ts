import { z } from 'zod';

/** Limits of the wire contract. Rates are settings of the server and are not listed here. */

/** Longest message text, in characters (UTF-16 code units) after trimming. */
export const MAX_TEXT_LENGTH = 4_000;
/** Most bytes that one message takes in an answer: its text in UTF-8, and everything else. */
export const MAX_MESSAGE_BYTES = 3 * MAX_TEXT_LENGTH + 1_024;
/** Largest Socket.IO packet and REST body, in bytes. */
export const MAX_PACKET_BYTES = 64 * 1024;
/** Most messages one history or changes page may hold. */
export const MAX_PAGE_SIZE = 200;
/** Messages in a page when the caller does not say. */
export const DEFAULT_PAGE_SIZE = 50;
/** Most changes that `joinRoom` carries in its acknowledgement. */
export const MAX_JOIN_CHANGES = 100;
/** Most bytes of those changes; a client reads more of them page by page. */
export const MAX_JOIN_BYTES = 256 * 1024;
/** Shortest password, in characters. */
export const MIN_PASSWORD_LENGTH = 8;
/** Longest password, in characters; bounds the work of hashing. */
export const MAX_PASSWORD_LENGTH = 256;

/** A whole number as a query string carries it: digits and nothing else. */
export const QueryNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

/** How many items a page may hold, as a query string carries it. */
export function limitOf(most: number, usual: number) {
  return QueryNumber.pipe(z.int().min(1).max(most)).default(usual);
}
