import { z } from 'zod';

const EventEnvelope = z.object({ pattern: z.string().min(1).max(200), data: z.unknown() });
/** What Nest puts around an event on its way through the broker. */
export type EventEnvelope = z.infer<typeof EventEnvelope>;

/** Undefined when the bytes are no such envelope. */
export function decodeEnvelope(content: Buffer): EventEnvelope | undefined {
  try {
    return EventEnvelope.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
