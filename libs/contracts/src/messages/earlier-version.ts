import { z } from 'zod';

/** Maximum number of earlier texts of one message; the oldest ones are dropped. */
export const MAX_EARLIER_VERSIONS = 100;

/** A text that a message had before an edit. */
export const EarlierVersion = z
  .object({
    text: z.string(),
    timestamp: z.iso.datetime().describe('Time from which the message had this text.'),
  })
  .meta({ id: 'EarlierVersion' });
export type EarlierVersion = z.infer<typeof EarlierVersion>;

export const EarlierVersions = z.array(EarlierVersion).max(MAX_EARLIER_VERSIONS);
