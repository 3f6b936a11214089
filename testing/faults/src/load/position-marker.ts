import { setTimeout as delay } from 'node:timers/promises';
import type { PositionAttempt, PositionOutcome, PositionRequest } from '../check/observation.ts';
import { attempt, CONNECTION_CHECK_MS, GIVE_UP_AFTER_MS, RETRY_MS } from './attempt.ts';
import type { PlainClient } from './plain-client.ts';

const PAUSE_MS = 1_000;
/** Every so many turns the user marks messages as unread, or uses two devices concurrently. */
const UNREAD_EVERY = 7;
const CONCURRENT_EVERY = 5;
/** Messages become unread only in the first rooms: in others nothing excuses a lower position. */
const ROOMS_WITH_UNREAD = 2;
const MAX_UNREAD = 6;

/** A request whose attempts are still recorded. */
export interface MutablePositionRequest extends PositionRequest {
  readonly attempts: PositionAttempt[];
}

/** What a user does next: the room and the kind of the request, and its seq. */
export type PositionTurn = Pick<PositionRequest, 'kind' | 'roomId' | 'seq'> & {
  readonly concurrent: boolean;
};

/** Returns the request of a turn; undefined for a room without messages. */
export function positionTurn(
  turn: number,
  roomIds: readonly string[],
  headOf: (roomId: string) => number,
): PositionTurn | undefined {
  const index = turn % roomIds.length;
  const roomId = roomIds[index];
  const head = roomId === undefined ? 0 : headOf(roomId);
  if (roomId === undefined || head === 0) return undefined;
  const concurrent = turn % CONCURRENT_EVERY === 0;
  return turn % UNREAD_EVERY === UNREAD_EVERY - 1 && index < ROOMS_WITH_UNREAD
    ? { kind: 'markUnread', roomId, seq: Math.max(0, head - 1 - (turn % MAX_UNREAD)), concurrent }
    : { kind: 'markRead', roomId, seq: head, concurrent };
}

export interface PositionMarkerOptions {
  /** Prefix of the names of its requests. */
  readonly name: string;
  /** The client that receives the messages. */
  readonly reader: PlainClient;
  /** All clients of the user, which take turns. */
  readonly devices: readonly PlainClient[];
}

/**
 * Marks messages as read as they arrive, about once per second, and sometimes as unread. Failed
 * requests are retried.
 */
export class PositionMarker {
  readonly #options: PositionMarkerOptions;
  readonly #requests: MutablePositionRequest[] = [];
  readonly #stopped = new AbortController();
  #giveUpAt = Infinity;

  constructor(options: PositionMarkerOptions) {
    this.#options = options;
  }

  get requests(): readonly PositionRequest[] {
    return this.#requests;
  }

  /** Marks until `stop`; resolves once every request is settled or abandoned. */
  async run(): Promise<void> {
    const { reader, devices } = this.#options;
    const { signal } = this.#stopped;
    const headOf = (roomId: string) => reader.newestMessages(roomId, 1)[0]?.seq ?? 0;
    await delay(Math.random() * PAUSE_MS);
    for (let turn = 0; !signal.aborted; turn += 1) {
      const next = positionTurn(turn, reader.roomIds, headOf);
      const count = next?.concurrent ? devices.length : 1;
      if (next) {
        await Promise.all(
          Array.from({ length: count }, (_, n) => {
            const device = devices[(turn + n) % devices.length] ?? reader;
            // A device that is slower than the other marks an earlier message.
            return this.#deliver({ ...next, seq: Math.max(0, next.seq - n) }, device);
          }),
        );
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Describes the requests that are not acknowledged yet. */
  unsettled(): string[] {
    return this.#requests
      .filter(({ attempts }) => attempts.at(-1)?.outcome.kind !== 'ok')
      .map(({ name }) => `${name} is not acknowledged`);
  }

  stop(): void {
    if (this.#stopped.signal.aborted) return;
    this.#giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
    this.#stopped.abort();
  }

  async #deliver({ kind, roomId, seq }: PositionTurn, device: PlainClient): Promise<void> {
    const request: MutablePositionRequest = {
      name: `${this.#options.name}-position-${this.#requests.length + 1}`,
      kind,
      roomId,
      userId: device.userId,
      seq,
      startedAt: Date.now(),
      attempts: [],
    };
    this.#requests.push(request);
    while (performance.now() < this.#giveUpAt) {
      const connection = device.connectionName;
      if (connection === undefined) {
        await delay(CONNECTION_CHECK_MS);
        continue;
      }
      const startedAt = Date.now();
      const outcome = await movePosition(device, request);
      request.attempts.push({ startedAt, connection, outcome });
      if (outcome.kind === 'ok') return;
      await delay(outcome.kind === 'error' ? (outcome.retryAfterMs ?? RETRY_MS) : RETRY_MS);
    }
  }
}

/** Requests a position on the connection of a client. */
export function movePosition(
  client: PlainClient,
  { kind, roomId, seq }: Pick<PositionRequest, 'kind' | 'roomId' | 'seq'>,
): Promise<PositionOutcome> {
  const emit = () =>
    client.request(kind, { roomId, seq }, (ack) => {
      if (ack.ok) client.positions.set(roomId, ack);
    });
  return attempt(emit, ({ lastReadSeq, unread }, time): PositionOutcome => {
    return { kind: 'ok', position: { lastReadSeq, unread }, time };
  });
}
