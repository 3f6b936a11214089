import { join } from 'node:path';
import { resolveJwtSecret } from '@chat/auth';
import { onStopSignal } from '@chat/platform/process';
import { BackingServers, stopChildProcesses, ServicesTopology } from '@chat/testing';
import type { Options } from './options.ts';

let stopping: Promise<void> | undefined;

/** Starts the servers and services, and prints where they are; a stop signal stops all of them. */
export async function startDeployment(options: Options): Promise<void> {
  let stop = stopChildProcesses;
  onStopSignal(() => stopWith(() => stop()));
  console.log(`Starting Redis, RabbitMQ and MongoDB in ${options.dataDir}…`);
  const servers = await startOrExit(BackingServers.start(options.dataDir));
  console.log('Starting the services…');
  const topology = await startOrExit(
    ServicesTopology.start({
      ...options,
      servers,
      closesServers: true,
      jwtSecret: resolveJwtSecret({ NODE_ENV: 'development' }, options.dataDir),
      ports: portsFrom(options.port),
    }),
  );
  stop = () => topology.stop();
  const logs = join(options.dataDir, 'logs');
  reportUnexpectedExits(topology, logs);
  for (const { name, url, metricsUrl } of topology.instances()) {
    console.log(`  ${name.padEnd(12)} ${url.padEnd(24)} metrics at ${metricsUrl}`);
  }
  console.log(`  RabbitMQ     ${servers.rabbitmq.url}`);
  console.log(`  Logs         ${logs}`);
  console.log(`The chat server is ready at ${topology.gatewayUrl}. Press Ctrl-C to stop.`);
}

/** Stops the services and exits. Processes still running after a failed stop are killed at exit. */
function stopWith(stop: () => Promise<void>): void {
  console.log('Stopping…');
  stopping = stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error('Stopping failed.', error);
      process.exit(1);
    },
  );
}

/** Prints unexpected exits of processes; the deployment survives the loss of most of them. */
function reportUnexpectedExits(topology: ServicesTopology, logs: string): void {
  for (const { name, process } of topology.instances()) {
    process.onUnexpectedExit((status) => {
      console.error(`${name} exited with ${status}. Log: ${join(logs, `${name}.log`)}.`);
    });
  }
  const servers = { Redis: topology.redis, RabbitMQ: topology.rabbitmq, MongoDB: topology.mongo };
  for (const [name, server] of Object.entries(servers)) {
    server.onUnexpectedExit((status) => console.error(`${name} exited with ${status}.`));
  }
}

/** Resolves with the started component; exits when the start fails or is interrupted. */
async function startOrExit<T>(starting: Promise<T>): Promise<T> {
  try {
    const started = await starting;
    await stopping;
    return started;
  } catch (error) {
    // When a stop interrupts the start, the start fails because its servers are stopped.
    await stopping;
    const reasons = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    for (const reason of reasons) {
      console.error(reason instanceof Error ? reason.message : String(reason));
    }
    process.exit(1);
  }
}

function portsFrom(first: number) {
  return { gateway: first, users: first + 1, messages: first + 2, chat: first + 3 };
}
