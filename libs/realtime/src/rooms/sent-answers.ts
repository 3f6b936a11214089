import type { ChatSocket } from '../chat-socket.ts';

/** Resolves when everything sent to the socket has left the process, or its connection is closed. */
export async function sentAnswers({ conn }: ChatSocket): Promise<void> {
  while (conn.readyState === 'open' && !conn.transport.writable) {
    await new Promise<void>((resolve) => {
      const { transport } = conn;
      const look = (): void => {
        transport.off('ready', look);
        conn.off('upgrade', look);
        conn.off('close', look);
        resolve();
      };
      transport.on('ready', look);
      conn.on('upgrade', look);
      conn.on('close', look);
    });
  }
}
