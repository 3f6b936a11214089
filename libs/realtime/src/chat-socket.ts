import type { ClientToServerEvents, ServerToClientEvents } from '@chat/contracts';
import type { Identity } from '@chat/auth';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** Server-side data of a socket. */
export interface SocketData {
  /** The authenticated user and session; set by the handshake, replaced by `renewSession`. */
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
