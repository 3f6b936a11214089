import type { Socket } from 'node:net';

/** Since when nothing has come from an instance: a slow one still sends, a dead or frozen one does not. */
export class Liveness {
  #heardAt = performance.now();
  readonly #bytesRead = new WeakMap<Socket, number>();

  /** It has shown that it lives. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Bytes that came over any of its connections since the last call show that it lives, too. */
  silentForMs(connections: Iterable<Socket>): number {
    for (const connection of connections) {
      const { bytesRead } = connection;
      if (bytesRead > (this.#bytesRead.get(connection) ?? 0)) this.heard();
      this.#bytesRead.set(connection, bytesRead);
    }
    return performance.now() - this.#heardAt;
  }
}
