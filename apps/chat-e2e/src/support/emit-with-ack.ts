import type { Ack, ClientEvent, ClientPayload, ClientResult } from '@chat/contracts';
import type { ClientSocket } from './test-user.ts';

/**
 * Emits an event and resolves with its acknowledgement.
 *
 * @throws Error when no acknowledgement arrives in time
 */
export async function emitWithAck<E extends ClientEvent>(
  socket: ClientSocket,
  event: E,
  payload: ClientPayload<E>,
  timeoutMs = 10_000,
): Promise<Ack<ClientResult<E>>> {
  const emitter = socket.timeout(timeoutMs) as unknown as {
    emitWithAck(event: E, payload: ClientPayload<E>): Promise<Ack<ClientResult<E>>>;
  };
  return emitter.emitWithAck(event, payload);
}
