import type { Socket as NetSocket } from 'node:net';
import type { ChatSocket } from '../chat-socket.ts';

/** How long a client may take to close its side of a connection that was closed. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** A connection of Engine.IO, which a socket of Socket.IO stands on. */
export type EngineConnection = ChatSocket['conn'];

/** A packet of Engine.IO; `data` of a message is a packet of Socket.IO. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | Buffer;
}

/** What of the transports' own fields is used here; their types keep them protected. */
interface TransportInternals {
  /** Of a WebSocket transport. */
  readonly socket?: WebSocketInternals;
  /** How long a polling transport that was closed waits for a poll to say so, in milliseconds. */
  closeTimeout?: number;
  /** The poll that is being answered, of a polling transport. */
  readonly res?: { readonly socket: NetSocket | null } | null;
}

interface WebSocketInternals {
  readonly readyState: number;
  readonly CLOSED: number;
  readonly _socket?: NetSocket | null;
  terminate(): void;
  once(event: 'close', listener: () => void): void;
}

/** Returns whether packets wait until the transport can write again. */
export function hasQueued(connection: EngineConnection): boolean {
  const { writeBuffer } = connection as unknown as { readonly writeBuffer: readonly unknown[] };
  return writeBuffer.length > 0;
}

function webSocketOf(transport: EngineConnection['transport']): WebSocketInternals | undefined {
  return (transport as unknown as TransportInternals).socket;
}

/** Bounds how long a connection that was closed waits for a client that does not poll; Engine.IO waits for 30 s. */
export function boundClosing({ transport }: EngineConnection): void {
  if (transport.name === 'polling')
    (transport as TransportInternals).closeTimeout = CLOSE_TIMEOUT_MS;
}

/** Returns the connection that the transport writes its next output to, if it can write. */
export function outputOf({ transport }: EngineConnection): NetSocket | undefined {
  const { socket, res } = transport as unknown as TransportInternals;
  return socket?._socket ?? res?.socket ?? undefined;
}

/** Closes a connection at once, without waiting for a client that may not read, nor for what it has sent. */
export function cutOff(connection: EngineConnection): void {
  connection.close(true);
  terminate(connection.transport);
}

/** Closes the WebSocket of a transport without the handshake of its end. */
export function terminate(transport: EngineConnection['transport']): void {
  webSocketOf(transport)?.terminate();
}

/** Calls back when a closed connection holds no WebSocket any more: its client may take a while to close it. */
export function onceReleased({ transport }: EngineConnection, released: () => void): void {
  const webSocket = webSocketOf(transport);
  if (webSocket && webSocket.readyState !== webSocket.CLOSED) webSocket.once('close', released);
  else released();
}

/** Parts of Node's connections by which Node itself sees whether a long write makes progress. */
interface ConnectionInternals {
  readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
  /** `writelen`: bytes of the write that is under way, and 0 without one. */
  readonly _writableState: { readonly writelen: number };
}

const internalsOf = (connection: NetSocket) => connection as unknown as ConnectionInternals;

/** Returns how many bytes of all that was written to a connection the kernel has taken, long writes included. */
export function takenBytesOf(connection: NetSocket): number {
  const { _handle: handle } = internalsOf(connection);
  return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
}

/**
 * Returns how many bytes of all that was written to a connection the kernel has not taken.
 *
 * `writableLength` counts a write in full until its last byte is taken, and Node joins all packets that wait into one write.
 */
export function unsentBytesOf(connection: NetSocket): number {
  const { _handle: handle, _writableState: state } = internalsOf(connection);
  return handle ? connection.writableLength - state.writelen + handle.writeQueueSize : 0;
}
