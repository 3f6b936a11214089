import { Backoff, pause } from '../backoff.ts';
import { TRANSIENT_CODES, type ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { withLock } from '../with-lock.ts';
import type { EntryStore } from './entry-store.ts';
import type { ClientPayload } from '@chat/contracts';
import type { CommandKind } from './outbox-command.ts';
import { isChange, type OutboxChange, type OutboxEntry } from './outbox-entry.ts';
import type { Lane, OutboxQueue, QueuedSend } from './outbox-queue.ts';

const MAX_INTERNAL_FAILURES = 5;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

/** Dependencies of the sender. */
interface SenderContext {
  userId: string;
  queue: OutboxQueue;
  store: EntryStore;
  connection: Connection;
  onRejected: (change: OutboxChange, error: ChatError) => void;
  /** Aborted when the user signs out or the client is closed; the entries stay in the storage. */
  signal: AbortSignal;
}

/** Delivers one user's waiting entries: one at a time per lane, lanes in parallel. */
export class OutboxSender {
  readonly #context: SenderContext;
  /** Names of lanes whose entries are being sent. */
  readonly #running = new Set<string>();

  constructor(context: SenderContext) {
    this.#context = context;
  }

  /** Sends the lane's waiting entries, unless they are already being sent. */
  start(lane: Lane): void {
    const name = this.#nameOf(lane);
    if (this.#running.has(name)) return;
    this.#running.add(name);
    void this.#run(lane, name);
  }

  async #run(lane: Lane, name: string): Promise<void> {
    const { queue, connection, signal } = this.#context;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    for (;;) {
      const send = queue.nextWaiting(lane);
      if (!send || this.#hasEnded()) {
        this.#running.delete(name);
        return;
      }
      const persisted = await send.persisted;
      await connection.whenOnline().catch(() => undefined);
      if (this.#hasEnded()) return;
      const error = await withLock(name, () => this.#deliver(send, persisted));
      if (this.#hasEnded()) return;
      if (!error) backoff.reset();
      else if (error.code !== 'NETWORK') await pause(backoff.next(error.retryAfterMs), signal);
    }
  }

  /** Attempts one send. Returns the error if the entry is to be retried. */
  async #deliver(send: QueuedSend, persisted: boolean): Promise<ChatError | undefined> {
    const { queue, store, connection } = this.#context;
    const { clientMessageId } = send.entry;
    if (this.#hasEnded() || !queue.holds(send)) return undefined;
    if (persisted && !(await store.has(clientMessageId))) {
      // Another tab delivered or discarded it.
      queue.complete(send);
      return undefined;
    }
    queue.change(send, { state: 'sending' });
    try {
      await emitCommand(connection, send.entry);
    } catch (error) {
      return this.#handleSendError(send, error as ChatError);
    }
    await store.remove(clientMessageId);
    queue.complete(send);
    return undefined;
  }

  #handleSendError(send: QueuedSend, error: ChatError): ChatError | undefined {
    const { queue, store } = this.#context;
    if (!queue.holds(send)) return undefined;
    send.repeated = true;
    if (error.code === 'INTERNAL') send.internalFailures += 1;
    const retriable =
      TRANSIENT_CODES.has(error.code) ||
      error.code === 'UNAUTHORIZED' ||
      (error.code === 'INTERNAL' && send.internalFailures < MAX_INTERNAL_FAILURES);
    if (retriable) {
      queue.change(send, { state: 'waiting' });
      return error;
    }
    if (isChange(send.entry)) {
      queue.remove(send);
      void store.remove(send.entry.clientMessageId);
      this.#context.onRejected(send.entry, error);
      return undefined;
    }
    queue.change(send, { state: 'failed', error });
    send.persisted = store.put(send.entry);
    return undefined;
  }

  /** The lock of a room's messages is named as in releases that stored messages only. */
  #nameOf({ roomId, carries }: Lane): string {
    const name = `chat-outbox:${this.#context.userId}:${roomId}`;
    return carries === 'messages' ? name : `${name}:changes`;
  }

  #hasEnded(): boolean {
    return this.#context.signal.aborted;
  }
}

async function emitCommand<K extends CommandKind>(
  connection: Connection,
  { kind, payload, roomId, clientMessageId }: OutboxEntry<K>,
): Promise<void> {
  await connection.emit<K>(kind, { ...payload, roomId, clientMessageId } as ClientPayload<K>);
}
