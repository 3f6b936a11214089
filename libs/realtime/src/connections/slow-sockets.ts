import type { Socket as NetSocket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { ConnectionRefusals } from './connection-refusals.ts';
import {
  closeImmediately,
  outputConnectionOf,
  sentBytesOf,
  unsentBytesOf,
  type EngineConnection,
  type EnginePacket,
} from './engine-connection.ts';

/** Maximum unsent bytes of a user's socket: enough for the longest results of many joins. */
export const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** Maximum unsent bytes of all clients; beyond this the connections with the most are closed. */
const MAX_TOTAL_UNSENT_BYTES = 128 * 1024 * 1024;
/** A client with more unsent bytes than this that receives less than this in 5 s is too slow. */
const SLOW_CLIENT_BYTES = 64 * 1024;
const CHECK_INTERVAL_MS = 500;
/**
 * Checks without progress after which a client is too slow. Counted instead of timed, so that no
 * client is closed because this process is busy.
 */
const MAX_STALLED_CHECKS = 10;

/**
 * Closes connections whose clients read too slowly, measured by the bytes that the kernel has not
 * accepted: the memory for unsent output stays bounded, and clients catch up by `rev` when they
 * reconnect.
 */
@Injectable()
export class SlowSockets {
  readonly #outputs = new WeakMap<EngineConnection, Output>();
  readonly #monitored = new Map<EngineConnection, Output>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly refusals: ConnectionRefusals) {}

  /** Limits the unsent bytes of a connection from now on; a later call replaces the limit. */
  limit(connection: EngineConnection, maxBytes: number): void {
    const known = this.#outputs.get(connection);
    if (known) known.maxBytes = maxBytes;
    else this.#watch(connection, new Output(maxBytes));
  }

  /** Closes the connection of a client that reads too slowly. */
  close(connection: EngineConnection): void {
    this.refusals.count('slow');
    closeImmediately(connection);
  }

  #watch(connection: EngineConnection, output: Output): void {
    this.#outputs.set(connection, output);
    connection.on('packetCreate', ({ data }: EnginePacket) => {
      output.queuedBytes += data === undefined ? 0 : Buffer.byteLength(data);
      const { unsentBytes } = output;
      if (unsentBytes > output.maxBytes) this.close(connection);
      else if (unsentBytes > SLOW_CLIENT_BYTES) this.#monitor(connection, output);
    });
    connection.on('flush', () => output.handOver(outputConnectionOf(connection)));
    connection.once('close', () => this.#monitored.delete(connection));
  }

  #monitor(connection: EngineConnection, output: Output): void {
    if (this.#monitored.has(connection)) return;
    output.recordProgress();
    this.#monitored.set(connection, output);
    this.#timer ??= setInterval(() => this.#checkMonitored(), CHECK_INTERVAL_MS).unref();
  }

  #checkMonitored(): void {
    for (const [connection, output] of this.#monitored) {
      if (output.unsentBytes <= SLOW_CLIENT_BYTES) this.#monitored.delete(connection);
      else if (output.isStalled()) this.close(connection);
    }
    const unsent = [...this.#monitored]
      .map(([connection, { unsentBytes }]) => ({ connection, unsentBytes }))
      .toSorted((a, b) => b.unsentBytes - a.unsentBytes);
    let total = unsent.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
    for (const { connection, unsentBytes } of unsent) {
      if (total <= MAX_TOTAL_UNSENT_BYTES) break;
      total -= unsentBytes;
      this.close(connection);
    }
    if (this.#monitored.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Output for one client that the kernel has not accepted yet. */
class Output {
  /** Bytes that Engine.IO has not handed to its transport yet. */
  queuedBytes = 0;
  /** TCP connections with output: that of one WebSocket, or those of several polls. */
  readonly #connections = new Set<NetSocket>();
  #sentAtLastProgress = 0;
  #stalledChecks = 0;

  constructor(public maxBytes: number) {}

  get unsentBytes(): number {
    let bytes = this.queuedBytes;
    for (const connection of this.#connections) bytes += unsentBytesOf(connection);
    return bytes;
  }

  /** Moves all queued bytes to the connection that they are written to next. */
  handOver(connection: NetSocket | undefined): void {
    this.queuedBytes = 0;
    for (const earlier of this.#connections) {
      if (earlier.writableLength === 0) this.#connections.delete(earlier);
    }
    if (connection) this.#connections.add(connection);
  }

  recordProgress(): void {
    this.#sentAtLastProgress = this.#sentBytes;
    this.#stalledChecks = 0;
  }

  /** Counts a check; returns whether the kernel has accepted too little since the last progress. */
  isStalled(): boolean {
    const progress = this.#sentBytes - this.#sentAtLastProgress;
    // Negative: a poll was finished, and its connection is no longer counted.
    if (progress >= SLOW_CLIENT_BYTES || progress < 0) this.recordProgress();
    else this.#stalledChecks += 1;
    return this.#stalledChecks >= MAX_STALLED_CHECKS;
  }

  get #sentBytes(): number {
    let bytes = 0;
    for (const connection of this.#connections) bytes += sentBytesOf(connection);
    return bytes;
  }
}
