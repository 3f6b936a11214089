import type { ServerEvent, ServerPayload } from '@chat/contracts';
import type { ChatSocket } from '../chat-socket.ts';

/** Packet type EVENT of the Socket.IO protocol (v5), in the main namespace. */
const SOCKET_IO_EVENT = '2';
/** Packet type "message" of the Engine.IO protocol (v4). */
const ENGINE_IO_MESSAGE = '4';
/** FIN and opcode 1 of a WebSocket frame (RFC 6455, 5.2): a complete text message. */
const FINAL_TEXT = 0x81;

type WriteOptions = NonNullable<Parameters<ChatSocket['conn']['write']>[1]>;

/** Engine.IO writes the frame unchanged to a WebSocket; other transports use the text. */
interface PreEncoded extends WriteOptions {
  readonly wsPreEncodedFrame: readonly [Buffer];
}

/**
 * An event that is encoded once for any number of sockets, like a broadcast by Socket.IO's
 * in-memory adapter to all sockets of a room.
 */
export class EncodedEvent<E extends ServerEvent = ServerEvent> {
  readonly #text: string;
  readonly #options: PreEncoded;

  constructor(event: E, payload: ServerPayload<E>) {
    this.#text = SOCKET_IO_EVENT + JSON.stringify([event, payload]);
    this.#options = { wsPreEncodedFrame: [textFrame(ENGINE_IO_MESSAGE + this.#text)] };
  }

  /** Memory use, in bytes. */
  get bytes(): number {
    return this.#text.length + this.#options.wsPreEncodedFrame[0].length;
  }

  /** Writes the event to the socket; does nothing when its connection is closed. */
  writeTo({ conn }: ChatSocket): void {
    conn.write(this.#text, this.#options);
  }
}

/** Encodes one text message as an unmasked WebSocket frame. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = FINAL_TEXT;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
