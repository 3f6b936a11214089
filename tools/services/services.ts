import { join } from 'node:path';
import { resolveJwtSecret } from '@chat/auth';
import { onStopSignal } from '@chat/platform';
import { BackingServers, stopChildProcesses, ServicesTopology } from '@chat/testing';
import { HELP, readOptions, type Options } from './options.ts';

let stopping: Promise<void> | undefined;

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = optionsOf(args);
  if (options.help) return console.log(HELP);
  let stop = stopChildProcesses;
  onStopSignal(() => stopBy(() => stop()));
  console.log(`Starting Redis, RabbitMQ and MongoDB in ${options.dataDir} …`);
  const servers = await startOrExit(BackingServers.start(options.dataDir));
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
  stop = () => topology.stop();
  const logs = join(options.dataDir, 'logs');
  tellOfEnds(topology, logs);
  for (const { name, url, metricsUrl } of topology.instances()) {
    console.log(`  ${name.padEnd(12)} ${url.padEnd(24)} metrics at ${metricsUrl}`);
  }
  console.log(`  RabbitMQ     ${servers.rabbitmq.url}`);
  console.log(`  Logs are in ${logs}.`);
  console.log(`The chat is ready at ${topology.gatewayUrl}. Ctrl-C stops it.`);
}

/** Whatever still runs when it is interrupted is ended with this process. */
function stopBy(stop: () => Promise<void>): void {
  console.log('Stopping …');
  stopping = stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error('The stop failed.', error);
      process.exit(1);
    },
  );
}

/** The chat goes on without most of its processes; who broke one by hand, or did not, is told. */
function tellOfEnds(topology: ServicesTopology, logs: string): void {
  for (const { name, process } of topology.instances()) {
    process.onUnexpectedExit((how) => {
      console.error(`${name} ended with ${how}. Its log is ${join(logs, `${name}.log`)}.`);
    });
  }
  const servers = { Redis: topology.redis, RabbitMQ: topology.rabbitmq, MongoDB: topology.mongo };
  for (const [name, server] of Object.entries(servers)) {
    server.onUnexpectedExit((how) => console.error(`${name} ended with ${how}.`));
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

/** Does not return when the start fails, or is interrupted. */
async function startOrExit<T>(starting: Promise<T>): Promise<T> {
  try {
    const started = await starting;
    await stopping;
    return started;
  } catch (error) {
    // It fails because its servers are being ended.
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
