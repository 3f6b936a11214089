import type { Attempt, ConnectionLog, RoomHistory, Send } from './observation.ts';

/** A delay counts if it exceeds the longest delay before the fault by this factor. */
const FACTOR = 2;
/** Shorter delays never count. */
const THRESHOLD_MS = 400;

/** The client-side records of a run in which a fault can become visible. */
export interface ClientRecords {
  readonly fault: { readonly startedAt: number; readonly endedAt: number };
  readonly sends: readonly Send[];
  readonly connections: readonly ConnectionLog[];
  readonly rooms: readonly Pick<RoomHistory, 'messages'>[];
}

/**
 * Describes the effects of a fault on clients: rejected and unanswered sends, connections lost
 * during it or up to 5 s later, and answers and messages that took much longer than any before it.
 */
export function disruptionsIn({ fault, sends, connections, rooms }: ClientRecords): string[] {
  const attempts = sends.flatMap((send) => send.attempts);
  const disruptions: string[] = [];
  const during = attempts.filter((attempt) => overlaps(attempt, fault));
  const rejected = during.filter(({ outcome }) => outcome.kind === 'error').length;
  if (rejected > 0) disruptions.push(`sends rejected: ${rejected}`);
  const unanswered = during.filter(({ outcome }) => outcome.kind === 'no-ack').length;
  if (unanswered > 0) disruptions.push(`sends unanswered: ${unanswered}`);
  const lost = connections.filter(
    ({ closedAt }) =>
      closedAt !== undefined && closedAt >= fault.startedAt && closedAt <= fault.endedAt + 5_000,
  ).length;
  if (lost > 0) disruptions.push(`connections lost: ${lost}`);
  const slowest = longestIfDisrupted(attempts.map(latencyOf), fault);
  if (slowest !== undefined) disruptions.push(`sends took up to ${slowest} ms`);
  const slowestDelivery = longestIfDisrupted(arrivals({ connections, rooms }), fault);
  if (slowestDelivery !== undefined) {
    disruptions.push(`messages took up to ${slowestDelivery} ms to arrive`);
  }
  return disruptions;
}

/** A duration and the time of its start. */
export interface Delay {
  readonly startedAt: number;
  readonly ms: number;
}

function overlaps({ startedAt, outcome }: Attempt, fault: ClientRecords['fault']): boolean {
  return startedAt <= fault.endedAt && outcome.time >= fault.startedAt;
}

function latencyOf({ startedAt, outcome }: Attempt): Delay {
  return { startedAt, ms: outcome.time - startedAt };
}

/** Returns the times from accepting a message to its arrival on connections that were open then. */
export function arrivals({
  connections,
  rooms,
}: Pick<ClientRecords, 'connections' | 'rooms'>): Delay[] {
  const accepted = new Map(
    rooms.flatMap(({ messages }) =>
      messages.map(({ id, timestamp }) => [id, Date.parse(timestamp)] as const),
    ),
  );
  return connections.flatMap(({ openedAt, received }) =>
    Object.values(received)
      .flat()
      .flatMap((entry) => {
        if (entry.kind !== 'message') return [];
        const startedAt = accepted.get(entry.message.id);
        if (startedAt === undefined || startedAt < openedAt) return [];
        return [{ startedAt, ms: entry.time - startedAt }];
      }),
  );
}

/**
 * Returns the longest delay during the fault if it exceeds {@link THRESHOLD_MS} and {@link FACTOR}
 * times the longest one before; undefined otherwise.
 */
function longestIfDisrupted(
  delays: readonly Delay[],
  { startedAt, endedAt }: ClientRecords['fault'],
): number | undefined {
  const endOf = (delay: Delay) => delay.startedAt + delay.ms;
  const longest = (some: readonly Delay[]) => Math.max(0, ...some.map(({ ms }) => ms));
  const before = longest(delays.filter((delay) => endOf(delay) < startedAt));
  const during = longest(
    delays.filter((delay) => endOf(delay) >= startedAt && delay.startedAt <= endedAt),
  );
  return during > Math.max(THRESHOLD_MS, before * FACTOR) ? during : undefined;
}
