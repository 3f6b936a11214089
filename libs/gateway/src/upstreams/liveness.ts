import type { Socket } from 'node:net';

/** Measures how long an instance has been unresponsive; a slow instance that sends bytes is not. */
export class Liveness {
  #aliveAt = performance.now();
  readonly #bytesRead = new WeakMap<Socket, number>();

  /** Records a sign of life. */
  markAlive(): void {
    this.#aliveAt = performance.now();
  }

  /** Returns the time since the last sign of life; bytes on any connection count as one. */
  unresponsiveForMs(connections: Iterable<Socket>): number {
    for (const connection of connections) {
      const { bytesRead } = connection;
      if (bytesRead > (this.#bytesRead.get(connection) ?? 0)) this.markAlive();
      this.#bytesRead.set(connection, bytesRead);
    }
    return performance.now() - this.#aliveAt;
  }
}
