import { join } from 'node:path';
import { resolveJwtSecret } from '@chat/auth';
import { BackingServers, ServicesTopology } from '@chat/testing';
import { HELP, readOptions, type Options } from './options.ts';

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = optionsOf(args);
  if (options.help) return console.log(HELP);
  console.log(`Starting Redis, RabbitMQ and MongoDB in ${options.dataDir} …`);
  const servers = await startOrExit(BackingServers.start(options.dataDir));
  let running: { stop(): Promise<void> } = servers;
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    if (stopping) process.exit(130);
    console.log('Stopping …');
    stopping = running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('The stop failed.', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  console.log('Starting the services …');
  const topology = await startOrExit(
    ServicesTopology.start({
      ...options,
      servers,
      closesServers: true,
      jwtSecret: resolveJwtSecret({ NODE_ENV: 'development' }, options.dataDir),
      ports: portsFrom(options.port),
    }),
  );
  running = topology;
  const logs = join(options.dataDir, 'logs');
  tellOfEnds(topology, logs);
  for (const { name, url, metricsUrl } of topology.instances()) {
    console.log(`  ${name.padEnd(12)} ${url.padEnd(24)} metrics at ${metricsUrl}`);
  }
  console.log(`  RabbitMQ     ${servers.rabbitmq.url}`);
  console.log(`  Logs are in ${logs}.`);
  console.log(`The chat is ready at ${topology.gatewayUrl}. Ctrl-C stops it.`);
}

/** The chat goes on without most of its processes; who broke one by hand, or did not, is told. */
function tellOfEnds(topology: ServicesTopology, logs: string): void {
  for (const { name, process } of topology.instances()) {
    process.onUnaskedEnd((how) => {
      console.error(`${name} ended with ${how}. Its log is ${join(logs, `${name}.log`)}.`);
    });
  }
  const servers = { Redis: topology.redis, RabbitMQ: topology.rabbitmq, MongoDB: topology.mongo };
  for (const [name, server] of Object.entries(servers)) {
    server.onUnaskedEnd((how) => console.error(`${name} ended with ${how}.`));
  }
}

function optionsOf(args: string[]): Options {
  try {
    return readOptions(args);
  } catch (error) {
    console.error(`services: ${(error as Error).message} (--help shows the options)`);
    process.exit(2);
  }
}

async function startOrExit<T>(starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
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
