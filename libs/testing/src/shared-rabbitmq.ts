import { missingProgram } from './programs.ts';
import { rabbitmqctl, RabbitMqServer } from './rabbitmq-server.ts';

/** Environment variable that passes the address from the Jest process to the suites. */
const ADDRESS = 'CHAT_SHARED_RABBITMQ';

interface Address {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

let started: RabbitMqServer | undefined;

/** A virtual host of the shared RabbitMQ server. */
export interface SharedRabbitMq {
  readonly port: number;
  readonly url: string;
  readonly virtualHost: string;
  /** Runs `rabbitmqctl` with these arguments; resolves with what it prints. */
  control(...args: string[]): Promise<string>;
}

/**
 * Starts one RabbitMQ server for all suites of a Jest run, because each start takes 5 s of CPU
 * time.
 *
 * For Jest's `globalSetup`, which Node runs from the sources: this file and its imports hold
 * erasable types only. Where RabbitMQ is not installed, nothing starts; `describeWithProgram` skips the
 * suites.
 *
 * @param virtualHosts one for each suite, so that no suite sees the queues of another
 */
export async function startSharedRabbitMq(virtualHosts: readonly string[]): Promise<void> {
  if (started || missingProgram('rabbitmq-server') !== undefined) return;
  started = await RabbitMqServer.start(undefined, virtualHosts);
  const address: Address = { port: started.port, env: started.env };
  process.env[ADDRESS] = JSON.stringify(address);
}

/** Stops the shared server; for Jest's `globalTeardown`. */
export async function stopSharedRabbitMq(): Promise<void> {
  await started?.close();
  started = undefined;
}

/**
 * Returns a virtual host of the shared RabbitMQ server, for suites that leave the broker running.
 *
 * @throws Error when the Jest project does not start it
 */
export function sharedRabbitMq(virtualHost: string): SharedRabbitMq {
  const text = process.env[ADDRESS];
  if (text === undefined) throw new Error('this Jest project does not start the shared RabbitMQ');
  const { port, env } = JSON.parse(text) as Address;
  return {
    port,
    url: `amqp://guest:guest@127.0.0.1:${port}/${virtualHost}`,
    virtualHost,
    control: (...args) => rabbitmqctl(env, ...args),
  };
}
