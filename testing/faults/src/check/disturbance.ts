import type { Attempt, ConnectionLog, RoomHistory, Send } from './observation.ts';

/** A delay counts when it exceeds the longest before the fault by this factor. */
const FACTOR = 2;
/** Shorter delays never count. */
const THRESHOLD_MS = 400;

/** The client-side records of a run in which a fault can become visible. */
export interface ClientRecords {
  readonly fault: { readonly beganAt: number; readonly endedAt: number };
  readonly sends: readonly Send[];
  readonly connections: readonly ConnectionLog[];
  readonly rooms: readonly RoomHistory[];
}

/**
 * Describes the effects of a fault on clients: refused and unanswered sends, broken connections,
 * slow acknowledgements and late messages, each during the fault and unlike the time before it.
 */
export function disturbancesIn({ fault, sends, connections, rooms }: ClientRecords): string[] {
  const attempts = sends.flatMap((send) => send.attempts);
  const disturbances: string[] = [];
  const during = attempts.filter((attempt) => overlaps(attempt, fault));
  const refused = during.filter(({ outcome }) => outcome.kind === 'error').length;
  if (refused > 0) disturbances.push(`${refused} sends refused`);
  const silent = during.filter(({ outcome }) => outcome.kind === 'no-answer').length;
  if (silent > 0) disturbances.push(`${silent} sends without answer`);
  const broken = connections.filter(
    ({ closedAt }) =>
      closedAt !== undefined && closedAt >= fault.beganAt && closedAt <= fault.endedAt + 5_000,
  ).length;
  if (broken > 0) disturbances.push(`${broken} connections broken`);
  const slowest = longestIfSlower(attempts.map(latencyOf), fault);
  if (slowest !== undefined) disturbances.push(`acks up to ${slowest} ms late`);
  const latest = longestIfSlower(arrivals({ connections, rooms }), fault);
  if (latest !== undefined) disturbances.push(`messages shown up to ${latest} ms late`);
  return disturbances;
}

/** A duration and the time of its start. */
export interface Delay {
  readonly beganAt: number;
  readonly ms: number;
}

function overlaps({ startedAt, outcome }: Attempt, fault: ClientRecords['fault']): boolean {
  return startedAt <= fault.endedAt && outcome.at >= fault.beganAt;
}

function latencyOf({ startedAt, outcome }: Attempt): Delay {
  return { beganAt: startedAt, ms: outcome.at - startedAt };
}

/** Returns times from acceptance of a message to its arrival on connections that were open then. */
export function arrivals({
  connections,
  rooms,
}: Pick<ClientRecords, 'connections' | 'rooms'>): Delay[] {
  const accepted = new Map(
    rooms.flatMap(({ messages }) =>
      messages.map(({ id, timestamp }) => [id, Date.parse(timestamp)] as const),
    ),
  );
  return connections.flatMap(({ openedAt, shown }) =>
    Object.values(shown)
      .flat()
      .flatMap((entry) => {
        if (entry.kind !== 'message') return [];
        const beganAt = accepted.get(entry.message.id);
        if (beganAt === undefined || beganAt < openedAt) return [];
        return [{ beganAt, ms: entry.at - beganAt }];
      }),
  );
}

/** Returns the longest delay during the fault if it is longer than before; undefined otherwise. */
function longestIfSlower(
  delays: readonly Delay[],
  { beganAt, endedAt }: ClientRecords['fault'],
): number | undefined {
  const endOf = (delay: Delay) => delay.beganAt + delay.ms;
  const longest = (some: readonly Delay[]) => Math.max(0, ...some.map(({ ms }) => ms));
  const before = longest(delays.filter((delay) => endOf(delay) < beganAt));
  const during = longest(
    delays.filter((delay) => endOf(delay) >= beganAt && delay.beganAt <= endedAt),
  );
  return during > Math.max(THRESHOLD_MS, before * FACTOR) ? during : undefined;
}
