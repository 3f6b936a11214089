import type { Socket as NetSocket } from 'node:net';
import type { ChatSocket } from '../chat-socket.ts';

/** How long a client may take to close its side of a closed connection. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** The Engine.IO connection beneath a Socket.IO socket. */
export type EngineConnection = ChatSocket['conn'];

/** An Engine.IO packet; `data` of a message is a Socket.IO packet. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | Buffer;
}

/** Fields of the transports that their types declare as protected. */
interface TransportInternals {
  /** The WebSocket of a WebSocket transport. */
  readonly socket?: WebSocketInternals;
  /** How long a closed polling transport waits for a poll, to report the close; milliseconds. */
  closeTimeout?: number;
  /** The open poll of a polling transport. */
  readonly res?: { readonly socket: NetSocket | null } | null;
}

interface WebSocketInternals {
  readonly readyState: number;
  readonly CLOSED: number;
  readonly _socket?: NetSocket | null;
  terminate(): void;
  once(event: 'close', listener: () => void): void;
}

/** Returns whether packets are queued until the transport can write again. */
export function hasQueuedPackets(connection: EngineConnection): boolean {
  const { writeBuffer } = connection as unknown as { readonly writeBuffer: readonly unknown[] };
  return writeBuffer.length > 0;
}

function webSocketOf(transport: EngineConnection['transport']): WebSocketInternals | undefined {
  return (transport as unknown as TransportInternals).socket;
}

/** Limits how long a closed connection waits for a poll from its client; Engine.IO waits 30 s. */
export function limitClosingTime({ transport }: EngineConnection): void {
  if (transport.name === 'polling')
    (transport as TransportInternals).closeTimeout = CLOSE_TIMEOUT_MS;
}

/** Returns the TCP connection that the transport writes its next output to, if it can write. */
export function outputConnectionOf({ transport }: EngineConnection): NetSocket | undefined {
  const { socket, res } = transport as unknown as TransportInternals;
  return socket?._socket ?? res?.socket ?? undefined;
}

/**
 * Closes a connection immediately: waits neither for a client that may not read nor for packets
 * that it has sent.
 */
export function closeImmediately(connection: EngineConnection): void {
  connection.close(true);
  terminateWebSocket(connection.transport);
}

/** Closes the WebSocket of a transport, if it has one, without the closing handshake. */
export function terminateWebSocket(transport: EngineConnection['transport']): void {
  webSocketOf(transport)?.terminate();
}

/**
 * Calls back when the WebSocket of a closed connection is closed, which its client may delay;
 * immediately if it has none.
 */
export function onWebSocketClosed({ transport }: EngineConnection, onClosed: () => void): void {
  const webSocket = webSocketOf(transport);
  if (webSocket && webSocket.readyState !== webSocket.CLOSED) webSocket.once('close', onClosed);
  else onClosed();
}

/** Fields of a Node.js socket by which Node.js itself detects the progress of a long write. */
interface ConnectionInternals {
  readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
  /** `writelen`: bytes of the write in progress, or 0 if there is none. */
  readonly _writableState: { readonly writelen: number };
}

const internalsOf = (connection: NetSocket) => connection as unknown as ConnectionInternals;

/** Returns how many bytes written to a connection the kernel has accepted, long writes included. */
export function sentBytesOf(connection: NetSocket): number {
  const { _handle: handle } = internalsOf(connection);
  return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
}

/**
 * Returns how many bytes written to a connection the kernel has not accepted.
 *
 * `writableLength` counts a write in full until its last byte is accepted, and Node.js joins all
 * waiting packets into one write.
 */
export function unsentBytesOf(connection: NetSocket): number {
  const { _handle: handle, _writableState: state } = internalsOf(connection);
  return handle ? connection.writableLength - state.writelen + handle.writeQueueSize : 0;
}
