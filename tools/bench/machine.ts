import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the figures come from. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly node: string;
  readonly redis: string;
  readonly rabbitmq: string;
  readonly mongo: string;
  /** Runnable processes over the minute before the start; other work, when it is not near 0. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  const load = loadavg()[0] ?? Number.NaN;
  const [redis, rabbitmq, mongo] = await Promise.all([
    output('redis-server', ['--version']),
    output('dpkg-query', ['--show', '--showformat', '${Version}', 'rabbitmq-server']),
    describeMongo(),
  ]);
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    redis: /v=(\S+)/.exec(redis)?.[1] ?? 'unknown version',
    rabbitmq: rabbitmq || 'unknown version',
    mongo,
    loadBefore: load,
  };
}

async function describeMongo(): Promise<string> {
  const binary = process.env['MONGOMS_SYSTEM_BINARY'] ?? 'mongod';
  const version = await output(binary, ['--version']);
  const standIn = /stand-in[^\n]*/i.exec(version)?.[0];
  if (standIn !== undefined || /stand-?in/i.test(binary)) {
    return `the stand-in of this workplace, not MongoDB (${binary}: ${standIn ?? 'by its path'})`;
  }
  return `${/db version (\S+)/.exec(version)?.[1] ?? 'unknown version'} (${binary})`;
}

/** Empty when the command cannot be run. */
async function output(command: string, args: string[]): Promise<string> {
  try {
    return (await run(command, args, { timeout: 10_000 })).stdout.trim();
  } catch {
    return '';
  }
}
