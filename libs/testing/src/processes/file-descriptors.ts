import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, lstatSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath } from './programs.ts';

/** Time within which closing connections have closed. */
const SETTLED_MS = 300;

/**
 * Exhausts the file descriptors of this process, so that each new connection fails with EMFILE: the
 * limit becomes the lowest free number, and lower numbers that are freed later are occupied.
 * Requires `prlimit`.
 *
 * @returns a function that restores the limit; resolves once no descriptor is free
 */
export async function exhaustFileDescriptors(): Promise<() => Promise<void>> {
  const prlimit = programPath('prlimit');
  const pid = String(process.pid);
  const before = execFileSync(prlimit, ['--pid', pid, '--nofile', '-o', 'SOFT', '--noheadings']);
  // Started first, while descriptors for it are available.
  const restore = `read line; ${prlimit} --pid ${pid} --nofile=${Number(before.toString())}:`;
  const restorer = spawn('/bin/sh', ['-c', restore], { stdio: ['pipe', 'ignore', 'inherit'] });
  execFileSync(prlimit, ['--pid', pid, `--nofile=${lowestFree()}:`]);
  const taken: number[] = [];
  const takeTimer = setInterval(() => taken.push(...takeAll()), 1);
  await delay(SETTLED_MS);
  return async () => {
    clearInterval(takeTimer);
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
