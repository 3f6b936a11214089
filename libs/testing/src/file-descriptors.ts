import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, lstatSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath } from './programs.ts';

/** Connections that were short of closing have closed by then. */
const SETTLED_MS = 300;

/**
 * Leaves this process no file descriptor to open, so that each new connection fails with EMFILE: its limit becomes
 * the lowest number that is free, and lower ones that are freed are taken. Needs `prlimit`.
 *
 * @returns once there are none; the function sets the limit back
 */
export async function exhaustFileDescriptors(): Promise<() => Promise<void>> {
  const prlimit = programPath('prlimit');
  const pid = String(process.pid);
  const before = execFileSync(prlimit, ['--pid', pid, '--nofile', '-o', 'SOFT', '--noheadings']);
  // Started while there are descriptors for it.
  const restore = `read line; ${prlimit} --pid ${pid} --nofile=${Number(before.toString())}:`;
  const restorer = spawn('/bin/sh', ['-c', restore], { stdio: ['pipe', 'ignore', 'inherit'] });
  execFileSync(prlimit, ['--pid', pid, `--nofile=${lowestFree()}:`]);
  const taken: number[] = [];
  const taking = setInterval(() => taken.push(...takeAll()), 1);
  await delay(SETTLED_MS);
  return async () => {
    clearInterval(taking);
    const done = once(restorer, 'close');
    restorer.stdin.end('\n');
    await done;
    for (const descriptor of taken) closeSync(descriptor);
  };
}

function lowestFree(): number {
  let free = 0;
  while (lstatSync(`/proc/self/fd/${free}`, { throwIfNoEntry: false })) free += 1;
  return free;
}

function takeAll(): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
  }
  return taken;
}
