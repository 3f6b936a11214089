import type { Attempt, ConnectionLog, RoomHistory, Send } from './observation.ts';

/** So much longer than the longest before the fault is not chance. */
const FACTOR = 2;
const LEAST_MS = 400;

/** What clients saw of a run, as far as a fault can show in it. */
export interface Seen {
  readonly fault: { readonly beganAt: number; readonly endedAt: number };
  readonly sends: readonly Send[];
  readonly connections: readonly ConnectionLog[];
  readonly rooms: readonly RoomHistory[];
}

/**
 * What of a fault showed to clients, as sentences: refusals, silence, broken connections, slow
 * acknowledgements and late arrivals, each while the fault lasted and unlike the time before it.
 */
export function disturbancesIn({ fault, sends, connections, rooms }: Seen): string[] {
  const attempts = sends.flatMap((send) => send.attempts);
  const told: string[] = [];
  const during = attempts.filter((attempt) => overlaps(attempt, fault));
  const refused = during.filter(({ outcome }) => outcome.kind === 'error').length;
  if (refused > 0) told.push(`${refused} sends refused`);
  const silent = during.filter(({ outcome }) => outcome.kind === 'no-answer').length;
  if (silent > 0) told.push(`${silent} sends without answer`);
  const broken = connections.filter(
    ({ closedAt }) =>
      closedAt !== undefined && closedAt >= fault.beganAt && closedAt <= fault.endedAt + 5_000,
  ).length;
  if (broken > 0) told.push(`${broken} connections broken`);
  const slowest = slower(attempts.map(latencyOf), fault);
  if (slowest !== undefined) told.push(`acks up to ${slowest} ms late`);
  const latest = slower(arrivals({ connections, rooms }), fault);
  if (latest !== undefined) told.push(`messages shown up to ${latest} ms late`);
  return told;
}

/** How long something took that began at a time. */
export interface Delay {
  readonly beganAt: number;
  readonly ms: number;
}

function overlaps({ startedAt, outcome }: Attempt, fault: Seen['fault']): boolean {
  return startedAt <= fault.endedAt && outcome.at >= fault.beganAt;
}

function latencyOf({ startedAt, outcome }: Attempt): Delay {
  return { beganAt: startedAt, ms: outcome.at - startedAt };
}

/** From when the server accepted a message until a connection that was open then was shown it. */
export function arrivals({ connections, rooms }: Pick<Seen, 'connections' | 'rooms'>): Delay[] {
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

/** The longest during the fault, if it is longer than any before. */
function slower(delays: readonly Delay[], { beganAt, endedAt }: Seen['fault']): number | undefined {
  const endOf = (delay: Delay) => delay.beganAt + delay.ms;
  const longest = (some: readonly Delay[]) => Math.max(0, ...some.map(({ ms }) => ms));
  const before = longest(delays.filter((delay) => endOf(delay) < beganAt));
  const during = longest(
    delays.filter((delay) => endOf(delay) >= beganAt && delay.beganAt <= endedAt),
  );
  return during > Math.max(LEAST_MS, before * FACTOR) ? during : undefined;
}
