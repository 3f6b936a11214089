import { z } from 'zod';

const EventEnvelope = z.object({ pattern: z.string().min(1).max(200), data: z.unknown() });
/** The wrapper that Nest puts around an event that is sent through a broker. */
export type EventEnvelope = z.infer<typeof EventEnvelope>;

/** Decodes an envelope; returns undefined when the content is not one. */
export function decodeEnvelope(content: Buffer): EventEnvelope | undefined {
  try {
    return EventEnvelope.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
