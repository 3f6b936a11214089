import {
  missingSharedServers,
  privatePort,
  ServicesTopology,
  sharedServers,
  sharedTopology,
  StandaloneProcess,
  type ServiceInstance,
  type ServiceName,
  type SharedInstance,
} from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';
import { Account } from './account.ts';
import { singleOrigin, type Addresses } from './addresses.ts';
import { SHARED_SETTINGS } from './shared-settings.ts';

/**
 * Deployment of the chat under test: one process; services behind a gateway; or services that
 * are called directly.
 */
type Deployment = 'standalone' | 'gateway' | 'services';

declare global {
  var chatDeployment: Deployment;
}

/**
 * Declares a suite that needs a running chat; if the servers of the chat are not installed, it is
 * skipped and the reason is reported.
 */
export function describeChat(name: string, suite: () => void): void {
  const missing = globalThis.chatDeployment === 'standalone' ? undefined : missingSharedServers();
  describeUnlessMissing(missing, name, suite);
}

/** A server process of the chat under test. */
export interface ProcessUnderTest {
  readonly name: string;
  readonly metricsUrl: string;
  /** Process id; undefined while the process is not running. */
  readonly pid: number | undefined;
}

/** A running chat. */
export interface ChatUnderTest {
  readonly addresses: Addresses;
  /** All processes of the chat, excluding backing servers. */
  readonly processes: readonly ProcessUnderTest[];
  /** Returns the process of a service; in `standalone`, the only process. */
  processOf(service: ServiceName): ProcessUnderTest;
  /** Registers an account; `close` disconnects its sockets. */
  register(name?: string): Promise<Account>;
  close(): Promise<void>;
}

/** A chat that was started for one suite, which may stop its processes. */
export interface DedicatedChat extends ChatUnderTest {
  /** Stops all processes gracefully and starts them again. */
  restart(): Promise<void>;
  /** Gracefully stops the process that holds the sockets. */
  stopSockets(): Promise<void>;
}

/**
 * Returns a chat with {@link SHARED_SETTINGS} in the deployment of this Jest project. Its services
 * run for all suites of a worker: rooms and users from earlier suites exist, and rate limits are
 * reset.
 */
export function sharedChat(): Promise<ChatUnderTest> {
  return globalThis.chatDeployment === 'standalone'
    ? standalone(SHARED_SETTINGS)
    : sharedServices();
}

/**
 * Starts an empty chat in the deployment of this Jest project, for suites that need different
 * settings from {@link sharedChat}, or that stop or measure processes.
 *
 * @param env settings of all processes
 */
export function startChat(env: Readonly<Record<string, string>> = {}): Promise<DedicatedChat> {
  return globalThis.chatDeployment === 'standalone' ? standalone(env) : services(env);
}

/** Returns the only address of the chat; throws in a deployment without a single origin. */
export function originOf({ addresses }: ChatUnderTest): string {
  if (addresses.users !== addresses.chat) {
    throw new Error('this suite needs a deployment with a single origin');
  }
  return addresses.chat;
}

async function standalone(env: Readonly<Record<string, string>>): Promise<DedicatedChat> {
  const metricsPort = await privatePort();
  const server = await StandaloneProcess.start({
    env: { METRICS_PORT: String(metricsPort), ...env },
  });
  const process: ProcessUnderTest = {
    name: 'standalone',
    metricsUrl: `http://localhost:${metricsPort}/metrics`,
    get pid() {
      return server.pid;
    },
  };
  return withAccounts({
    addresses: singleOrigin(server.url),
    processes: [process],
    processOf: () => process,
    restart: async () => {
      await server.end('SIGTERM');
      await server.restart();
    },
    stopSockets: async () => void (await server.end('SIGTERM')),
    close: () => server.close(),
  });
}

async function services(env: Readonly<Record<string, string>>): Promise<DedicatedChat> {
  const topology = await ServicesTopology.start({
    servers: await sharedServers(),
    env: { all: env },
  });
  const instances = topology.instances().map(toSharedInstance);
  const processes = topology.instances().map((one) => one.process);
  return withAccounts({
    ...chatOf(topology.gatewayUrl, instances),
    restart: async () => {
      await Promise.all(processes.map((one) => one.stop()));
      await Promise.all(processes.map((one) => one.start()));
      await topology.healthy();
    },
    stopSockets: () => topology.instance('chat').process.stop(),
    close: () => topology.close(),
  });
}

async function sharedServices(): Promise<ChatUnderTest> {
  const { gatewayUrl, instances } = await sharedTopology();
  return withAccounts({ ...chatOf(gatewayUrl, instances), close: () => Promise.resolve() });
}

function withAccounts<Chat extends Pick<ChatUnderTest, 'addresses' | 'close'>>(
  chat: Chat,
): Chat & Pick<ChatUnderTest, 'register'> {
  const accounts: Account[] = [];
  return {
    ...chat,
    register: async (name) => {
      const account = await Account.register(chat.addresses, name);
      accounts.push(account);
      return account;
    },
    close: async () => {
      for (const account of accounts) account.close();
      await chat.close();
    },
  };
}

function toSharedInstance({
  name,
  service,
  url,
  metricsUrl,
  process,
}: ServiceInstance): SharedInstance {
  return {
    name,
    service,
    url,
    metricsUrl,
    get pid() {
      return process.pid;
    },
  };
}

function chatOf(
  gatewayUrl: string,
  instances: readonly SharedInstance[],
): Pick<ChatUnderTest, 'addresses' | 'processes' | 'processOf'> {
  const processOf = (service: ServiceName): SharedInstance => {
    const found = instances.find((one) => one.service === service);
    if (!found) throw new Error(`there is no instance of ${service}`);
    return found;
  };
  const isDirect = globalThis.chatDeployment === 'services';
  return {
    addresses: isDirect
      ? {
          users: processOf('users').url,
          messages: processOf('messages').url,
          chat: processOf('chat').url,
        }
      : singleOrigin(gatewayUrl),
    processes: instances,
    processOf,
  };
}
