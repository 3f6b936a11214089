import type { ClientToServerEvents, ServerToClientEvents } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** What the server remembers of a socket. */
export interface SocketData {
  /** Whom the socket speaks for; set by the handshake, replaced by `renewSession`. */
  identity: Identity;
}

export type ChatServer = Server<
  ClientToServerEvents,
  ServerToClientEvents,
  DefaultEventsMap,
  SocketData
>;
export type ChatSocket = Socket<
  ClientToServerEvents,
  ServerToClientEvents,
  DefaultEventsMap,
  SocketData
>;
