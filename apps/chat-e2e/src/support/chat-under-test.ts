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
 * Declares a suite with a running chat; skipped with the reason if its servers are not installed.
 */
export function describeChat(name: string, suite: () => void): void {
  const missing = globalThis.chatDeployment === 'standalone' ? undefined : missingSharedServers();
  describeUnlessMissing(missing, name, suite);
}

/** A server process of the chat under test. */
export interface ProcessUnderTest {
  readonly name: string;
  readonly metricsUrl: string;
  /** Process id; undefined while it does not run. */
  readonly pid: number | undefined;
}

/** A running chat. */
export interface ChatUnderTest {
  readonly at: Addresses;
  /** All processes of the chat, without backing servers. */
  readonly processes: readonly ProcessUnderTest[];
  /** Returns the process of a service; in `standalone` the only process. */
  processOf(service: ServiceName): ProcessUnderTest;
  /** Registers an account, whose sockets `close` disconnects. */
  register(name?: string): Promise<Account>;
  close(): Promise<void>;
}

/** A chat that was started for one suite, which may stop its processes. */
export interface OwnChat extends ChatUnderTest {
  /** Stops all processes gracefully and starts them again. */
  restart(): Promise<void>;
  /** Stops the process with the sockets gracefully. */
  stopSockets(): Promise<void>;
}

/**
 * Returns a chat with {@link SHARED_SETTINGS} in the deployment of this Jest project. Its services
 * run for all suites of a worker: rooms and users of earlier suites exist, and rate limits are
 * reset.
 */
export function sharedChat(): Promise<ChatUnderTest> {
  return globalThis.chatDeployment === 'standalone'
    ? standalone(SHARED_SETTINGS)
    : sharedServices();
}

/**
 * Starts an empty chat in the deployment of this Jest project, for suites that need other settings
 * than {@link sharedChat}, or stop or measure processes.
 *
 * @param env settings of all processes
 */
export function startChat(env: Readonly<Record<string, string>> = {}): Promise<OwnChat> {
  return globalThis.chatDeployment === 'standalone' ? standalone(env) : services(env);
}

/** Returns the only address of the chat; throws in a deployment without a single origin. */
export function originOf({ at }: ChatUnderTest): string {
  if (at.users !== at.chat) throw new Error('this suite needs a deployment with a single origin');
  return at.chat;
}

async function standalone(env: Readonly<Record<string, string>>): Promise<OwnChat> {
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
    at: singleOrigin(server.url),
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

async function services(env: Readonly<Record<string, string>>): Promise<OwnChat> {
  const topology = await ServicesTopology.start({
    servers: await sharedServers(),
    env: { all: env },
  });
  const instances = topology.instances().map(underTest);
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

function withAccounts<Chat extends Pick<ChatUnderTest, 'at' | 'close'>>(
  chat: Chat,
): Chat & Pick<ChatUnderTest, 'register'> {
  const accounts: Account[] = [];
  return {
    ...chat,
    register: async (name) => {
      const account = await Account.register(chat.at, name);
      accounts.push(account);
      return account;
    },
    close: async () => {
      for (const account of accounts) account.close();
      await chat.close();
    },
  };
}

function underTest({ name, service, url, metricsUrl, process }: ServiceInstance): SharedInstance {
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
): Pick<ChatUnderTest, 'at' | 'processes' | 'processOf'> {
  const processOf = (service: ServiceName): SharedInstance => {
    const found = instances.find((one) => one.service === service);
    if (!found) throw new Error(`there is no instance of ${service}`);
    return found;
  };
  const direct = globalThis.chatDeployment === 'services';
  return {
    at: direct
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
