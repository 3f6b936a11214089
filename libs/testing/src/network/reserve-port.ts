import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below the ephemeral range, where an outgoing connection could take the port first. */
const RANGE = { lowest: 20_000, highest: 31_999 };

/**
 * Reserves a free TCP port on 127.0.0.1 until this process exits.
 *
 * The server that gets the port starts later, and may restart. Other test processes choose ports
 * concurrently, so the UDP port with the same number stays bound as the reservation: the system
 * releases it when the process exits.
 *
 * @param range the ports to choose from, inclusive
 * @throws Error when no port in the range is free
 */
export async function reservePort(range = RANGE): Promise<number> {
  const size = range.highest - range.lowest + 1;
  const start = Math.floor(Math.random() * size);
  for (let step = 0; step < size; step += 1) {
    const port = range.lowest + ((start + step) % size);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no port from ${range.lowest} to ${range.highest} is free`);
}

function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const reservation = createSocket('udp4').unref();
    reservation.once('error', () => {
      reservation.close();
      resolve(false);
    });
    reservation.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
