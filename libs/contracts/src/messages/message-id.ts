import { z } from 'zod';

/** Id of a message: 128 bits of a hash, as 22 characters of base64url. */
export const MessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'must be a message id')
  .meta({ id: 'MessageId' });

/**
 * Idempotency key of a message, chosen by the client: a send repeated with the same key and text,
 * however much later, is the same message.
 */
export const ClientMessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')
  .meta({ id: 'ClientMessageId' });
