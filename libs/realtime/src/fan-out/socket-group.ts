import type { ChatSocket } from '../chat-socket.ts';
import type { EncodedEvent } from './encoded-event.ts';

/** Events that are written to one socket before the next socket has its turn. */
const MAX_BATCH_EVENTS = 100;
const MAX_BATCH_BYTES = 256 * 1024;

interface Packet {
  /** 1, 2, 3 … in the order in which the events were pushed. */
  readonly number: number;
  readonly event: EncodedEvent;
  readonly onWritten: (() => void) | undefined;
}

/** Packets that are being written to every socket, one socket at a time. */
interface Batch {
  readonly packets: readonly Packet[];
  readonly sockets: Iterator<ChatSocket>;
}

/**
 * Sockets that receive the same events in order, and the events that are not written yet. A socket
 * receives every event that is pushed while it is in the group: none pushed before it entered, and
 * none after it left, not even the rest of a batch in progress.
 */
export class SocketGroup {
  /** Number of the last packet that was written to each socket or pushed before it entered. */
  readonly #sockets = new Map<ChatSocket, number>();
  /** Packets of no batch yet, by subject. */
  readonly #waiting = new Map<unknown, Packet>();
  #batch: Batch | undefined;
  #lastNumber = 0;
  #bytes = 0;

  /** Memory use of unwritten events, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether every event is written. */
  get idle(): boolean {
    return !this.#batch && this.#waiting.size === 0;
  }

  /** Whether the group has no sockets. */
  get empty(): boolean {
    return this.#sockets.size === 0;
  }

  has(socket: ChatSocket): boolean {
    return this.#sockets.has(socket);
  }

  sockets(): ChatSocket[] {
    return [...this.#sockets.keys()];
  }

  /**
   * Adds a socket. A socket that is in the group already immediately receives its unwritten events.
   *
   * @returns false when that closed the socket, which has then left
   */
  enter(socket: ChatSocket): boolean {
    if (this.#sockets.has(socket)) {
      this.#write(socket, this.#batch?.packets ?? []);
      this.#write(socket, this.#waiting.values());
      if (!this.#sockets.has(socket)) return false;
    }
    this.#sockets.set(socket, this.#lastNumber);
    return true;
  }

  leave(socket: ChatSocket): void {
    this.#sockets.delete(socket);
  }

  /**
   * Queues an event for every socket.
   *
   * @param subject the event replaces a waiting event of the same subject
   * @param onWritten called once the event was written to every socket; never if it is replaced
   */
  push(subject: unknown, event: EncodedEvent, onWritten?: () => void): void {
    this.#bytes += event.bytes - (this.#waiting.get(subject)?.event.bytes ?? 0);
    this.#lastNumber += 1;
    // Deleted first, so that the packet is appended at the end.
    this.#waiting.delete(subject);
    this.#waiting.set(subject, { number: this.#lastNumber, event, onWritten });
  }

  /**
   * Writes queued events to one socket at a time, continuing where the last call stopped.
   *
   * @param maxSteps approximate limit of steps: writes, and visited sockets
   * @returns the number of steps taken
   */
  write(maxSteps: number): number {
    let steps = 0;
    while (steps < maxSteps) {
      const batch = (this.#batch ??= this.#nextBatch());
      if (!batch) break;
      const next = batch.sockets.next();
      if (next.done === true) this.#end(batch);
      else steps += 1 + this.#write(next.value, batch.packets);
    }
    return steps;
  }

  #nextBatch(): Batch | undefined {
    const packets: Packet[] = [];
    let bytes = 0;
    for (const [subject, packet] of this.#waiting) {
      if (packets.length === MAX_BATCH_EVENTS || bytes >= MAX_BATCH_BYTES) break;
      this.#waiting.delete(subject);
      packets.push(packet);
      bytes += packet.event.bytes;
    }
    // The iterator of a Map reflects sockets that enter or leave in the meantime.
    return packets.length === 0 ? undefined : { packets, sockets: this.#sockets.keys() };
  }

  #end({ packets }: Batch): void {
    this.#batch = undefined;
    for (const { event, onWritten } of packets) {
      this.#bytes -= event.bytes;
      onWritten?.();
    }
  }

  /** Writes those packets that the socket has not received yet; returns their number. */
  #write(socket: ChatSocket, packets: Iterable<Packet>): number {
    const before = this.#sockets.get(socket) ?? 0;
    let last = before;
    let writes = 0;
    for (const { number, event } of packets) {
      if (number <= before) continue;
      event.writeTo(socket);
      last = number;
      writes += 1;
    }
    // A write can close a socket that reads too slowly, which then leaves the group.
    if (writes > 0 && this.#sockets.has(socket)) this.#sockets.set(socket, last);
    return writes;
  }
}
