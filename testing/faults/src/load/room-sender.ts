import { setTimeout as delay } from 'node:timers/promises';
import type { Ack, ClientResult } from '@chat/contracts';
import { isAnswered } from '../check/answered-changes.ts';
import type { Attempt, ChangeRequest, Outcome, Send } from '../check/observation.ts';
import { attempt, CONNECTION_CHECK_MS, GIVE_UP_AFTER_MS, RETRY_MS } from './attempt.ts';
import {
  ChangeChooser,
  TARGETS,
  type MutableChangeRequest,
  type Target,
} from './change-chooser.ts';
import type { PlainClient } from './plain-client.ts';

/** A send whose attempts are still recorded. */
interface MutableSend extends Send {
  readonly attempts: Attempt[];
}

/** A send or a change, which is repeated until it is settled. */
interface PendingRequest {
  readonly attempts: Attempt[];
  /** Every call emits the same request. */
  readonly emit: () => Promise<Ack<Partial<ClientResult<'sendMessage'>>>>;
  /** Whether an outcome is final. */
  readonly isSettled: (outcome: Outcome) => boolean;
}

export interface RoomSenderOptions {
  readonly client: PlainClient;
  readonly roomId: string;
  /** Prefix of its client message ids. */
  readonly name: string;
  /** Number of requests sent concurrently. */
  readonly inFlight: number;
  /** Pause between the acknowledgements of a batch and the next batch. */
  readonly pauseMs: number;
}

/**
 * Sends batches of messages to a room in order, and changes of its newest messages between them.
 * Failed requests are retried in order, with the same ids, before the next batch.
 */
export class RoomSender {
  readonly #options: RoomSenderOptions;
  readonly #chooser: ChangeChooser;
  readonly #sends: MutableSend[] = [];
  readonly #changes: MutableChangeRequest[] = [];
  readonly #stopped = new AbortController();
  #giveUpAt = Infinity;

  constructor(options: RoomSenderOptions) {
    this.#options = options;
    const { client, roomId, name } = options;
    this.#chooser = new ChangeChooser({ userId: client.userId, roomId, name });
  }

  get name(): string {
    return this.#options.name;
  }

  /** All messages that it sent or tried to send. */
  get sends(): readonly Send[] {
    return this.#sends;
  }

  /** All changes that it requested or tried to request. */
  get changes(): readonly ChangeRequest[] {
    return this.#changes;
  }

  /** Sends until `stop`; resolves once every request is settled or abandoned. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    await delay(Math.random() * this.#options.pauseMs);
    while (!signal.aborted) {
      await this.#deliver(this.#createBatch());
      await delay(this.#options.pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Describes the requests that are not settled yet. */
  unsettled(): string[] {
    const sends = this.#sends
      .filter(({ attempts }) => !isOk(attempts.at(-1)?.outcome))
      .map(({ clientMessageId }) => clientMessageId);
    const changes = this.#changes
      .filter(({ attempts }) => !isAnswered(attempts.at(-1)?.outcome))
      .map(({ name }) => name);
    return [...sends, ...changes].map((name) => `${name} is not acknowledged`);
  }

  stop(): void {
    if (this.#stopped.signal.aborted) return;
    this.#giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
    this.#stopped.abort();
  }

  #createBatch(): PendingRequest[] {
    return Array.from({ length: this.#options.inFlight }, () => {
      const { client, roomId } = this.#options;
      const change = this.#chooser.next(this.#targets(), client.roleIn(roomId));
      return change ? this.#createChange(change) : this.#createSend();
    });
  }

  #createSend(): PendingRequest {
    const { client, roomId, name } = this.#options;
    const clientMessageId = `${name}-${this.#sends.length + 1}`;
    const text = `text of ${clientMessageId}`;
    const send = { clientMessageId, roomId, userId: client.userId, text, attempts: [] };
    this.#sends.push(send);
    return {
      attempts: send.attempts,
      emit: () => client.request('sendMessage', { roomId, clientMessageId, text }),
      isSettled: isOk,
    };
  }

  #createChange(request: MutableChangeRequest): PendingRequest {
    this.#changes.push(request);
    return {
      attempts: request.attempts,
      emit: () => this.#emitChange(request),
      isSettled: isAnswered,
    };
  }

  #emitChange(request: ChangeRequest): ReturnType<PendingRequest['emit']> {
    const { client } = this.#options;
    const { name: clientMessageId, roomId, messageId, change } = request;
    const target = { roomId, messageId, clientMessageId };
    switch (change.kind) {
      case 'edit':
        return client.request('editMessage', { ...target, text: change.text });
      case 'delete':
        return client.request('deleteMessage', target);
      case 'react':
        return client.request('react', { ...target, emoji: change.emoji, on: change.on });
    }
  }

  /** The newest messages that the client has received, and its last one if just acknowledged. */
  #targets(): Target[] {
    const { client, roomId } = this.#options;
    const received = client.newestMessages(roomId, TARGETS);
    const last = this.#sends.at(-1)?.attempts.at(-1);
    if (last?.outcome.kind !== 'ok' || last.connection !== client.connectionName) {
      return [...received];
    }
    const { id } = last.outcome;
    if (id === undefined || received.some((message) => message.id === id)) return [...received];
    return [...received, { id, userId: client.userId }];
  }

  async #deliver(requests: readonly PendingRequest[]): Promise<void> {
    let remaining = requests;
    while (remaining.length > 0 && performance.now() < this.#giveUpAt) {
      const connection = this.#options.client.connectionName;
      if (connection === undefined) {
        await delay(CONNECTION_CHECK_MS);
        continue;
      }
      const outcomes = await Promise.all(
        remaining.map((request) => this.#attempt(request, connection)),
      );
      const waits = outcomes.map((outcome) =>
        outcome.kind === 'error' ? (outcome.retryAfterMs ?? RETRY_MS) : 0,
      );
      remaining = remaining.filter((request, index) => {
        const outcome = outcomes[index];
        return outcome && !request.isSettled(outcome);
      });
      if (remaining.length > 0) await delay(Math.max(RETRY_MS, ...waits));
    }
  }

  async #attempt({ emit, attempts }: PendingRequest, connection: string): Promise<Outcome> {
    const startedAt = Date.now();
    const number = this.#options.client.nextAttemptNumber();
    const outcome = await attempt(emit, ({ id }, time): Outcome => ({ kind: 'ok', id, time }));
    attempts.push({ startedAt, connection, number, outcome });
    return outcome;
  }
}

function isOk(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'ok';
}
