import type { SocketError } from '@chat/contracts';
import { toSocketError, UnauthorizedError } from '@chat/platform/failures';
import { z } from 'zod';
import type { Authenticator } from './authenticator.ts';
import type { Identity } from './identity.ts';

const HandshakeAuth = z.object({ token: z.string().min(1).max(4096) });

/** Part of a Socket.IO socket that the handshake reads and writes. */
export interface HandshakeSocket {
  readonly handshake: { readonly auth: unknown };
  readonly data: { identity?: Identity };
}

/** Rejected connection; Socket.IO sends `data` to the client as `connect_error.data`. */
export class HandshakeError extends Error {
  readonly data: SocketError;
  constructor(thrown: unknown) {
    super('The connection was rejected.', { cause: thrown });
    this.data = toSocketError(thrown);
  }
}

/**
 * Creates middleware for `io.use()` that admits sockets whose `auth.token` is a valid access token
 * of an active session, and stores the `Identity` in `socket.data.identity`.
 */
export function authenticateHandshake(
  authenticator: Authenticator,
): (socket: HandshakeSocket, next: (error?: Error) => void) => void {
  return (socket, next) => {
    identify(socket.handshake.auth, authenticator).then(
      (identity) => {
        socket.data.identity = identity;
        next();
      },
      (error: unknown) => next(new HandshakeError(error)),
    );
  };
}

async function identify(auth: unknown, authenticator: Authenticator): Promise<Identity> {
  const parsed = HandshakeAuth.safeParse(auth);
  if (!parsed.success) throw new UnauthorizedError('A valid access token is required.');
  return authenticator.authenticate(parsed.data.token);
}
