import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { StandaloneProcess } from '@chat/testing';

const MAX_MEBIBYTES = 160;
const SUITE = 'the idle standalone server';

const suite = (): void => {
  it(`uses less than ${MAX_MEBIBYTES} MiB of memory`, async () => {
    const server = await StandaloneProcess.start();
    await delay(2_000);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    await server.close();
    const mebibytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
    console.log(`idle: ${mebibytes.toFixed(0)} MiB`);
    expect(mebibytes).toBeLessThan(MAX_MEBIBYTES);
  });
};

if (process.platform === 'linux') describe(SUITE, suite);
else describe.skip(`${SUITE} (skipped: reads memory from /proc, which is missing)`, suite);
