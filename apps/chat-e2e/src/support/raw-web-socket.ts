import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Addresses } from './addresses.ts';

/**
 * Opens a WebSocket to the Socket.IO server and returns the TCP socket, to simulate
 * misbehaving clients.
 *
 * @throws Error when the server rejects the upgrade
 */
export async function openRawWebSocket(
  { chat }: Addresses,
  headers: Readonly<Record<string, string>> = {},
): Promise<Socket> {
  const upgrade = request(`${chat}/socket.io/?EIO=4&transport=websocket`, {
    headers: {
      ...headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  });
  const failure = once(upgrade, 'response').then(([response]) => {
    const { statusCode } = response as IncomingMessage;
    upgrade.destroy();
    throw new Error(`the server rejected the upgrade with status ${statusCode}`);
  });
  upgrade.end();
  const [, socket] = (await Promise.race([once(upgrade, 'upgrade'), failure])) as [unknown, Socket];
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Encodes a text frame with a payload of less than 126 bytes, masked with zeros. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
