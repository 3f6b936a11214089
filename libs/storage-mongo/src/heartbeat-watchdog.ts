import { Logger } from '@nestjs/common';
import type { Connection } from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';

/** Maximum duration of a healthy heartbeat, in timeouts: connection, handshake and reply. */
const TIMEOUTS_PER_HEARTBEAT = 3;

/**
 * Reconnects the client when a heartbeat of the driver hangs.
 *
 * When a server dies at the wrong moment, the driver (seen in 7.5 to 7.9) writes its
 * heartbeat to a socket that was destroyed just before, and then waits forever for the
 * socket to drain. From then on the driver considers the server lost.
 *
 * @param timeoutMs timeout for a connection and for a reply, in milliseconds
 */
export function startHeartbeatWatchdog(connection: Connection, timeoutMs: number): void {
  const logger = new Logger('MongoDB');
  const client = connection.getClient();
  const timers = new Map<string, NodeJS.Timeout>();
  let isClosed = false;

  const stopTimer = (address: string): void => {
    clearTimeout(timers.get(address));
    timers.delete(address);
  };
  const stopAllTimers = (): void => {
    for (const address of timers.keys()) stopTimer(address);
  };
  const reconnect = async (address: string): Promise<void> => {
    logger.warn({ dependency: 'MongoDB', address }, 'driver heartbeat hung; reconnecting');
    for (;;) {
      stopAllTimers();
      try {
        await client.close();
        if (isClosed) return;
        await client.connect();
        logger.log({ dependency: 'MongoDB' }, 'reconnected after a hung heartbeat');
        return;
      } catch (error) {
        logger.warn({ dependency: 'MongoDB', err: error }, 'reconnecting failed; retrying');
        await delay(timeoutMs, undefined, { ref: false });
      }
    }
  };

  client.on('serverHeartbeatStarted', ({ connectionId: address, awaited }) => {
    stopTimer(address);
    if (isClosed) return;
    // The server replies to an awaited heartbeat when something changes, or after this time.
    const awaitedMs = awaited ? client.options.heartbeatFrequencyMS : 0;
    const timer = setTimeout(
      () => void reconnect(address),
      awaitedMs + TIMEOUTS_PER_HEARTBEAT * timeoutMs,
    );
    timers.set(address, timer.unref());
  });
  client.on('serverHeartbeatSucceeded', ({ connectionId: address }) => stopTimer(address));
  client.on('serverHeartbeatFailed', ({ connectionId: address }) => stopTimer(address));
  connection.once('close', () => {
    isClosed = true;
    stopAllTimers();
  });
}
