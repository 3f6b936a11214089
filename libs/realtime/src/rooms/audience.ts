import type { ChatSocket } from '../chat-socket.ts';
import type { EncodedEvent } from '../encoded-event.ts';

/** Most events of one job: so many a socket is given before all others have been given theirs. */
const MAX_JOB_EVENTS = 100;
const MAX_JOB_BYTES = 256 * 1024;

interface Packet {
  /** 1, 2, 3 … in the order in which the audience was given its events. */
  readonly number: number;
  readonly event: EncodedEvent;
  readonly written: (() => void) | undefined;
}

/** Packets on their way to every socket, one socket after the other. */
interface Job {
  readonly packets: readonly Packet[];
  readonly sockets: Iterator<ChatSocket>;
}

/**
 * Sockets that are written the same events, in order. A socket is written every
 * event that is pushed between its entering and its leaving: none pushed before,
 * none after it left, not even of a job that has begun.
 */
export class Audience {
  /** The number of the last packet that each socket was written, or that came before it entered. */
  readonly #sockets = new Map<ChatSocket, number>();
  /** Packets of no job yet, by what they are about. */
  readonly #waiting = new Map<unknown, Packet>();
  #job: Job | undefined;
  #lastNumber = 0;
  #bytes = 0;

  /** Memory that unwritten events take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether everything is written. */
  get idle(): boolean {
    return !this.#job && this.#waiting.size === 0;
  }

  get empty(): boolean {
    return this.#sockets.size === 0;
  }

  sockets(): ChatSocket[] {
    return [...this.#sockets.keys()];
  }

  /**
   * A socket that is in already is written at once what it still lacks. Returns false when that
   * closed the socket, which has left then.
   */
  enter(socket: ChatSocket): boolean {
    if (this.#sockets.has(socket)) {
      this.#write(socket, this.#job?.packets ?? []);
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
   * @param subject replaces a waiting event about the same
   * @param written called once it was written to every socket; never if it is replaced
   */
  push(subject: unknown, event: EncodedEvent, written?: () => void): void {
    this.#bytes += event.bytes - (this.#waiting.get(subject)?.event.bytes ?? 0);
    this.#lastNumber += 1;
    // Deleted first, so that it goes to the end.
    this.#waiting.delete(subject);
    this.#waiting.set(subject, { number: this.#lastNumber, event, written });
  }

  /**
   * Writes to one socket after the other, going on where it stopped.
   *
   * @param atMost steps, more or less: writes, and sockets looked at
   * @returns the steps taken
   */
  write(atMost: number): number {
    let steps = 0;
    while (steps < atMost) {
      const job = (this.#job ??= this.#nextJob());
      if (!job) break;
      const next = job.sockets.next();
      if (next.done === true) this.#end(job);
      else steps += 1 + this.#write(next.value, job.packets);
    }
    return steps;
  }

  #nextJob(): Job | undefined {
    const packets: Packet[] = [];
    let bytes = 0;
    for (const [subject, packet] of this.#waiting) {
      if (packets.length === MAX_JOB_EVENTS || bytes >= MAX_JOB_BYTES) break;
      this.#waiting.delete(subject);
      packets.push(packet);
      bytes += packet.event.bytes;
    }
    // Sockets that enter or leave meanwhile do so for this iterator, too.
    return packets.length === 0 ? undefined : { packets, sockets: this.#sockets.keys() };
  }

  #end({ packets }: Job): void {
    this.#job = undefined;
    for (const { event, written } of packets) {
      this.#bytes -= event.bytes;
      written?.();
    }
  }

  /** Those of the packets that the socket lacks. Returns their number. */
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
    // A write can close a socket that reads too slowly, so that it has left meanwhile.
    if (writes > 0 && this.#sockets.has(socket)) this.#sockets.set(socket, last);
    return writes;
  }
}
