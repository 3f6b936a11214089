import type { ChatSocket } from '../chat-socket.ts';
import { hasQueuedPackets } from '../connections/engine-connection.ts';

/**
 * Resolves when all packets queued for the socket so far have left the process, independent of
 * packets queued later, or when its connection is closed.
 */
export function waitUntilSent({ conn }: ChatSocket): Promise<void> {
  if (conn.readyState !== 'open') return Promise.resolve();
  const isQueued = hasQueuedPackets(conn);
  if (!isQueued && conn.transport.writable) return Promise.resolve();
  return new Promise((resolve) => {
    let { transport } = conn;
    const done = (): void => {
      conn.off('flush', onFlush);
      transport.off('drain', done);
      conn.off('upgrade', done);
      conn.off('close', done);
      resolve();
    };
    // Engine.IO hands all queued packets to the transport together, and later ones after a drain.
    const onFlush = (): void => {
      transport = conn.transport;
      transport.once('drain', done);
      conn.once('upgrade', done);
    };
    conn.once('close', done);
    if (isQueued) conn.once('flush', onFlush);
    else onFlush();
  });
}
