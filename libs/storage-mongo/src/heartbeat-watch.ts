import { Logger } from '@nestjs/common';
import type { Connection } from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';

/** How long an outcome may take: a connection, its handshake and an answer, each within its limit. */
const LIMITS_PER_HEARTBEAT = 3;

/**
 * Connects anew when the driver's own look at the server never ends.
 *
 * The driver (seen in 7.5 to 7.9) writes its heartbeat to a socket that was
 * destroyed a moment before, when a server dies at the wrong time, and then waits
 * for ever for it to drain. It takes the server for lost from then on.
 *
 * @param timeoutMs limit of a connection and of an answer, in milliseconds
 */
export function watchHeartbeats(connection: Connection, timeoutMs: number): void {
  const logger = new Logger('MongoDB');
  const client = connection.getClient();
  const underway = new Map<string, NodeJS.Timeout>();
  let isClosed = false;

  const end = (address: string): void => {
    clearTimeout(underway.get(address));
    underway.delete(address);
  };
  const endAll = (): void => {
    for (const address of underway.keys()) end(address);
  };
  const connectAnew = async (address: string): Promise<void> => {
    logger.warn(`The heartbeat of MongoDB at ${address} hangs in the driver. Connecting anew.`);
    for (;;) {
      endAll();
      try {
        await client.close();
        if (isClosed) return;
        await client.connect();
        logger.log('MongoDB is connected anew.');
        return;
      } catch (error) {
        logger.warn({ err: error }, 'MongoDB cannot be connected; trying again');
        await delay(timeoutMs, undefined, { ref: false });
      }
    }
  };

  client.on('serverHeartbeatStarted', ({ connectionId: address, awaited }) => {
    end(address);
    if (isClosed) return;
    // One that is awaited is answered when something changes, or after this time.
    const awaitedMs = awaited ? client.options.heartbeatFrequencyMS : 0;
    const timer = setTimeout(
      () => void connectAnew(address),
      awaitedMs + LIMITS_PER_HEARTBEAT * timeoutMs,
    );
    underway.set(address, timer.unref());
  });
  client.on('serverHeartbeatSucceeded', ({ connectionId: address }) => end(address));
  client.on('serverHeartbeatFailed', ({ connectionId: address }) => end(address));
  connection.once('close', () => {
    isClosed = true;
    endAll();
  });
}
