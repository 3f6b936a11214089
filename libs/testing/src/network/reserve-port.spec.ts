import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { reservePort } from './reserve-port.ts';

const MODULE = new URL('./reserve-port.ts', import.meta.url).href;

async function reserveRange(size: number): Promise<{ lowest: number; highest: number }> {
  const lowest = await reservePort();
  // The lowest port is reserved already, so it does not count.
  return { lowest, highest: lowest + size };
}

describe('reservePort()', () => {
  it('never returns the same port twice, in this or another process', async () => {
    const range = await reserveRange(8);
    const own = [];
    for (let n = 0; n < 4; n += 1) own.push(await reservePort(range));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { reservePort } from ${JSON.stringify(MODULE)};
       const ports = [];
       const range = ${JSON.stringify(range)};
       for (let n = 0; n < 8; n += 1) {
         const port = await reservePort(range).catch(() => undefined);
         if (port !== undefined) ports.push(port);
       }
       console.log(JSON.stringify(ports));`,
    ]);
    const others = JSON.parse(stdout) as number[];
    // Other tests may use some of the remaining ports.
    expect(others.length).toBeGreaterThan(0);
    expect(new Set([...own, ...others]).size).toBe(own.length + others.length);
  });

  it('throws when a server listens on every port in the range', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(reservePort({ lowest: port, highest: port })).rejects.toThrow(
      `no port from ${port} to ${port} is free`,
    );
    server.close();
  });
});
