import type { Socket as NetSocket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { ConnectionRefusals } from './connections/connection-refusals.ts';
import {
  cutOff,
  outputOf,
  takenBytesOf,
  unsentBytesOf,
  type EngineConnection,
  type EnginePacket,
} from './connections/engine-connection.ts';

/** Bytes that may wait for one user's socket: enough for the longest answers to joins of many rooms at once. */
export const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** Bytes that may wait for all clients; beyond it those with the most are closed. */
const MAX_UNSENT_BYTES_OF_ALL = 128 * 1024 * 1024;
/** A client that more than this waits for, and that takes less than this in 5 s, reads too slowly. */
const BACKLOG_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 500;
/** Counted instead of timed: while this process is busy itself, no client is blamed for it. */
const STALLED_LOOKS = 10;

/**
 * Closes connections whose clients read too slowly, by the bytes that the kernel
 * has not taken: what waits for clients stays bounded, and they catch up by `rev`
 * when they connect again.
 */
@Injectable()
export class SlowSockets {
  readonly #outputs = new WeakMap<EngineConnection, Output>();
  readonly #backlogs = new Map<EngineConnection, Output>();
  #looking: NodeJS.Timeout | undefined;

  constructor(private readonly refusals: ConnectionRefusals) {}

  /** Bounds what may wait for a client, from now on; of several bounds the last one counts. */
  bound(connection: EngineConnection, maxBytes: number): void {
    const known = this.#outputs.get(connection);
    if (known) known.maxBytes = maxBytes;
    else this.#watch(connection, new Output(maxBytes));
  }

  /** Closes the connection of a client that reads too slowly. */
  close(connection: EngineConnection): void {
    this.refusals.count('slow');
    cutOff(connection);
  }

  #watch(connection: EngineConnection, output: Output): void {
    this.#outputs.set(connection, output);
    connection.on('packetCreate', ({ data }: EnginePacket) => {
      output.queuedBytes += data === undefined ? 0 : Buffer.byteLength(data);
      const { unsentBytes } = output;
      if (unsentBytes > output.maxBytes) this.close(connection);
      else if (unsentBytes > BACKLOG_BYTES) this.#lookAt(connection, output);
    });
    connection.on('flush', () => output.handOver(outputOf(connection)));
    connection.once('close', () => this.#backlogs.delete(connection));
  }

  #lookAt(connection: EngineConnection, output: Output): void {
    if (this.#backlogs.has(connection)) return;
    output.beginBacklog();
    this.#backlogs.set(connection, output);
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    for (const [connection, output] of this.#backlogs) {
      if (output.unsentBytes <= BACKLOG_BYTES) this.#backlogs.delete(connection);
      else if (output.isStalled()) this.close(connection);
    }
    const unsent = [...this.#backlogs]
      .map(([connection, { unsentBytes }]) => ({ connection, unsentBytes }))
      .toSorted((a, b) => b.unsentBytes - a.unsentBytes);
    let ofAll = unsent.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
    for (const { connection, unsentBytes } of unsent) {
      if (ofAll <= MAX_UNSENT_BYTES_OF_ALL) break;
      ofAll -= unsentBytes;
      this.close(connection);
    }
    if (this.#backlogs.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }
}

/** What was written for one client and the kernel has not taken yet. */
class Output {
  /** Bytes that Engine.IO has not handed over yet. */
  queuedBytes = 0;
  /** Connections that were written to: one WebSocket, or those of several polls. */
  readonly #connections = new Set<NetSocket>();
  #takenBytes = 0;
  #looksWithoutProgress = 0;

  constructor(public maxBytes: number) {}

  get unsentBytes(): number {
    let bytes = this.queuedBytes;
    for (const connection of this.#connections) bytes += unsentBytesOf(connection);
    return bytes;
  }

  /** All that is queued is written next. */
  handOver(connection: NetSocket | undefined): void {
    this.queuedBytes = 0;
    for (const earlier of this.#connections) {
      if (earlier.writableLength === 0) this.#connections.delete(earlier);
    }
    if (connection) this.#connections.add(connection);
  }

  beginBacklog(): void {
    this.#takenBytes = this.#taken;
    this.#looksWithoutProgress = 0;
  }

  /** Looks once more whether the kernel has taken enough since the last progress. */
  isStalled(): boolean {
    const progress = this.#taken - this.#takenBytes;
    // Less than nothing: a poll was finished, and is no longer counted.
    if (progress >= BACKLOG_BYTES || progress < 0) this.beginBacklog();
    else this.#looksWithoutProgress += 1;
    return this.#looksWithoutProgress >= STALLED_LOOKS;
  }

  get #taken(): number {
    let bytes = 0;
    for (const connection of this.#connections) bytes += takenBytesOf(connection);
    return bytes;
  }
}
