import type { ChatSocket } from '../chat-socket.ts';
import { hasQueued } from '../connections/engine-connection.ts';

/**
 * Resolves when the last packet that was sent to the socket has left the process,
 * whatever is sent after it, or when its connection is closed.
 */
export function lastPacketLeft({ conn }: ChatSocket): Promise<void> {
  if (conn.readyState !== 'open') return Promise.resolve();
  const isQueued = hasQueued(conn);
  if (!isQueued && conn.transport.writable) return Promise.resolve();
  return new Promise((resolve) => {
    let { transport } = conn;
    const left = (): void => {
      conn.off('flush', handedOver);
      transport.off('drain', left);
      conn.off('upgrade', left);
      conn.off('close', left);
      resolve();
    };
    // Engine.IO hands all that is queued to the transport at once, and more when that has left.
    const handedOver = (): void => {
      transport = conn.transport;
      transport.once('drain', left);
      conn.once('upgrade', left);
    };
    conn.once('close', left);
    if (isQueued) conn.once('flush', handedOver);
    else handedOver();
  });
}
