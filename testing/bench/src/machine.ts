import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Environment of a measurement. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly node: string;
  readonly redis: string;
  readonly rabbitmq: string;
  readonly mongo: string;
  /**
   * Load average over the minute before the start; a value well above 0 means that other work was
   * running and may have disturbed the measurement.
   */
  readonly loadBefore: number;
}

/** Describes this machine and the installed servers. */
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
    return `a stand-in for MongoDB, not MongoDB itself (${binary}: ${standIn ?? 'by its path'})`;
  }
  return `${/db version (\S+)/.exec(version)?.[1] ?? 'unknown version'} (${binary})`;
}

/** Returns the output of a command; empty when it cannot run. */
async function output(command: string, args: string[]): Promise<string> {
  try {
    return (await run(command, args, { timeout: 10_000 })).stdout.trim();
  } catch {
    return '';
  }
}
