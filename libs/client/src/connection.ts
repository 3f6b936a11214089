import type {
  ClientEvent,
  ClientPayload,
  ClientResult,
  ServerEvent,
  ServerPayload,
} from '@chat/contracts';
import type { Unsubscribe } from './emitter.ts';
import type { Observable } from './observable.ts';

/**
 * The state of the socket. `offline`: there is no connection; `reason` is one readable sentence and
 * `nextAttemptAt` (milliseconds since the epoch) says when the next attempt begins.
 */
export type ConnectionState =
  | { readonly status: 'signed-out' }
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  | { readonly status: 'offline'; readonly reason: string; readonly nextAttemptAt: number };

/** The socket: connected while somebody is signed in, reconnecting by itself. */
export interface Connection extends Observable<ConnectionState> {
  /** Server events as they arrive. Rooms apply order and gaps; see {@link RoomConversation}. */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe;
  /**
   * Sends one event and waits for its acknowledgement. Nothing is queued: while there is no
   * connection it rejects at once.
   * @param timeoutMs longest wait for the answer, 10,000 unless given
   * @throws ChatError NETWORK, TIMEOUT or what the server answered
   */
  emit<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs?: number,
  ): Promise<ClientResult<E>>;
  /** Tries to connect now instead of at `nextAttemptAt`. */
  retryNow(): void;
  /** Resolves once online. @throws ChatError UNAUTHORIZED when signed out, CLOSED, TIMEOUT after `timeoutMs` */
  whenOnline(timeoutMs?: number): Promise<void>;
}
