import { ChatError } from '../chat-error.ts';
import type { Observable } from '../observable.ts';
import type { ConnectionState } from './connection-state.ts';

/** Resolves once `connection` is online; see {@link Connection.whenOnline}. */
export function whenOnline(
  connection: Observable<ConnectionState>,
  timeoutMs?: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: ChatError): void => {
      clearTimeout(timer);
      unsubscribe();
      if (error) reject(error);
      else resolve();
    };
    const check = (): void => {
      const state = connection.getSnapshot();
      if (state.status === 'online') end();
      else if (state.status === 'signed-out') {
        end(new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.'));
      } else if (state.status === 'offline' && state.nextAttemptAt === undefined) {
        end(new ChatError('CLOSED', 'The client was closed.'));
      }
    };
    const unsubscribe = connection.subscribe(check);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => end(new ChatError('TIMEOUT', 'The server did not respond in time.')),
            timeoutMs,
          );
    check();
  });
}
