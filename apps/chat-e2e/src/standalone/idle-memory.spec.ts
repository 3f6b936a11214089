import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { StandaloneProcess } from '@chat/testing';

const MAX_MB = 160;
const SUITE = 'the idle standalone server';

const suite = (): void => {
  it(`uses less than ${MAX_MB} MB of memory`, async () => {
    const server = await StandaloneProcess.start();
    await delay(2_000);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    await server.close();
    const megabytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
    console.log(`idle: ${megabytes.toFixed(0)} MB`);
    expect(megabytes).toBeLessThan(MAX_MB);
  });
};

if (process.platform === 'linux') describe(SUITE, suite);
else describe.skip(`${SUITE} (skipped: its memory is read from /proc)`, suite);
