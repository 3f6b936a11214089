import { createServer } from 'node:net';

/** Below the ephemeral range, where an outgoing connection could take the port first. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
/** Ports that were handed out: whoever asked may not listen on them yet. */
const given = new Set<number>();

/** A TCP port of this machine that nobody listens on. */
export async function privatePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
