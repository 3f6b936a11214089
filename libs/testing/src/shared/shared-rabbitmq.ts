import { missingProgram } from '../processes/programs.ts';
import { rabbitmqctl, RabbitMqServer } from '../servers/rabbitmq-server.ts';
import { SetupValue } from './setup-value.ts';

interface Address {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

const address = new SetupValue<Address>('CHAT_SHARED_RABBITMQ');

let started: RabbitMqServer | undefined;

/** A virtual host on the shared RabbitMQ server. */
export interface SharedRabbitMq {
  readonly port: number;
  readonly url: string;
  readonly virtualHost: string;
  /** Runs `rabbitmqctl` with these arguments; resolves with its output. */
  control(...args: string[]): Promise<string>;
}

/**
 * Starts one RabbitMQ server for all suites of a Jest run, because each start takes 5 s of CPU
 * time.
 *
 * For Jest's `globalSetup`, which Node runs from the sources: this file and its imports use only
 * erasable types. If RabbitMQ is not installed, nothing starts; `describeWithProgram` skips the
 * suites.
 *
 * @param virtualHosts one for each suite, so that no suite sees the queues of another
 */
export async function startSharedRabbitMq(virtualHosts: readonly string[]): Promise<void> {
  if (started || missingProgram('rabbitmq-server') !== undefined) return;
  started = await RabbitMqServer.start(undefined, virtualHosts);
  address.set({ port: started.port, env: started.env });
}

/** Stops the shared server; for Jest's `globalTeardown`. */
export async function stopSharedRabbitMq(): Promise<void> {
  await started?.close();
  started = undefined;
}

/**
 * Returns a virtual host on the shared RabbitMQ server, for suites that leave the broker running.
 *
 * @throws Error when the Jest project does not start it
 */
export function sharedRabbitMq(virtualHost: string): SharedRabbitMq {
  const shared = address.value;
  if (!shared) throw new Error('this Jest project does not start the shared RabbitMQ');
  const { port, env } = shared;
  return {
    port,
    url: `amqp://guest:guest@127.0.0.1:${port}/${virtualHost}`,
    virtualHost,
    control: (...args) => rabbitmqctl(env, ...args),
  };
}
