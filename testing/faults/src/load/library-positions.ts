import type { ChatClient, ChatError } from '@chat/client';
import { RETRYABLE_CODES } from '@chat/contracts';
import type { PositionOutcome, PositionRequest } from '../check/observation.ts';
import { positionTurn, type MutablePositionRequest } from './position-marker.ts';

const RETRYABLE: ReadonlySet<string> = RETRYABLE_CODES;
const RETRY_MS = 200;

/** Moves the read positions of a client of the library, and records its requests. */
export class LibraryPositions {
  readonly #requests: MutablePositionRequest[] = [];
  /** Calls of `markRead` that are not acknowledged and that no `markUnread` has replaced. */
  #marked: MutablePositionRequest[] = [];
  readonly #unmarking = new Set<MutablePositionRequest>();
  #turn = 0;
  #closed = false;

  constructor(
    private readonly client: ChatClient,
    private readonly userId: string,
    private readonly name: string,
    private readonly roomIds: readonly string[],
  ) {
    client.readPositions.on('moved', ({ roomId, lastReadSeq }) => {
      if (client.readPositions.unacknowledged(roomId) !== undefined) return;
      this.#acknowledge(roomId, lastReadSeq);
    });
  }

  get requests(): readonly PositionRequest[] {
    return this.#requests;
  }

  /** Marks the newest messages of the next room as read, or sometimes as unread. */
  moveNext(): void {
    const next = positionTurn(
      this.#turn,
      this.roomIds,
      (roomId) => this.client.room(roomId).getSnapshot().messages.at(-1)?.seq ?? 0,
    );
    this.#turn += 1;
    if (!next) return;
    const { kind, roomId, seq } = next;
    const request: MutablePositionRequest = {
      name: `${this.name}-position-${this.#requests.length + 1}`,
      kind,
      roomId,
      userId: this.userId,
      seq,
      startedAt: Date.now(),
      attempts: [],
    };
    this.#requests.push(request);
    if (kind === 'markUnread') void this.#markUnread(request);
    else {
      this.#marked.push(request);
      this.client.readPositions.markRead(roomId, seq);
    }
  }

  /** Describes the requests that are not acknowledged yet. */
  unsettled(): string[] {
    return [...this.#marked, ...this.#unmarking].map(({ name }) => `${name} is not acknowledged`);
  }

  close(): void {
    this.#closed = true;
  }

  #acknowledge(roomId: string, lastReadSeq: number): void {
    const isDone = (request: PositionRequest) =>
      request.roomId === roomId && request.seq <= lastReadSeq;
    for (const { attempts, startedAt } of this.#marked.filter(isDone)) {
      const outcome: PositionOutcome = { kind: 'ok', position: undefined, time: Date.now() };
      attempts.push({ startedAt, connection: this.name, outcome });
    }
    this.#marked = this.#marked.filter((request) => !isDone(request));
  }

  /** Retries until it is acknowledged; the library does not retry it. */
  async #markUnread(request: MutablePositionRequest): Promise<void> {
    const { roomId, seq, attempts } = request;
    this.#unmarking.add(request);
    while (!this.#closed) {
      this.#marked = this.#marked.filter((marked) => marked.roomId !== roomId);
      const startedAt = Date.now();
      const outcome = await this.client.readPositions.markUnread(roomId, seq).then(
        (): PositionOutcome => ({ kind: 'ok', position: undefined, time: Date.now() }),
        (error: unknown) => failureOf(error as ChatError),
      );
      attempts.push({ startedAt, connection: this.name, outcome });
      if (outcome.kind === 'ok') break;
      const waitMs = outcome.kind === 'error' ? outcome.retryAfterMs : undefined;
      await new Promise((resolve) => setTimeout(resolve, waitMs ?? RETRY_MS));
    }
    this.#unmarking.delete(request);
  }
}

/** Returns the outcome of a failed call: errors of the library itself mean no acknowledgement. */
function failureOf({ code, retryAfterMs }: ChatError): PositionOutcome {
  const time = Date.now();
  const isFromServer = RETRYABLE.has(code) || retryAfterMs !== undefined;
  if (!isFromServer && (code === 'NETWORK' || code === 'TIMEOUT')) return { kind: 'no-ack', time };
  return { kind: 'error', code, retryAfterMs, time };
}
