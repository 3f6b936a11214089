import {
  missingSharedServers,
  reservePort,
  ServicesTopology,
  sharedServers,
  sharedTopology,
  StandaloneProcess,
  type ServiceName,
  type SharedInstance,
} from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';
import { TestUser } from './test-user.ts';
import { singleOrigin, type Addresses } from './addresses.ts';
import { SHARED_SETTINGS } from './shared-settings.ts';

/**
 * Deployment of the server under test: one process; services behind a gateway; or services that
 * are called directly.
 */
type Deployment = 'standalone' | 'gateway' | 'services';

declare global {
  var chatDeployment: Deployment;
}

/**
 * Declares a suite that needs a running chat server. If the backing servers (MongoDB, RabbitMQ,
 * Redis) are needed but not installed, the suite is skipped and the reason is reported.
 */
export function describeChat(name: string, suite: () => void): void {
  const missing = globalThis.chatDeployment === 'standalone' ? undefined : missingSharedServers();
  describeUnlessMissing(missing, name, suite);
}

/** A process of the server under test. */
export interface ProcessUnderTest {
  readonly name: string;
  readonly metricsUrl: string;
  /** Process id; undefined while the process is not running. */
  readonly pid: number | undefined;
}

/** A running chat server: one process, or several services. */
export interface ChatUnderTest {
  readonly addresses: Addresses;
  /** All processes of the server, excluding backing servers. */
  readonly processes: readonly ProcessUnderTest[];
  /** Returns the process of a service; in `standalone`, the only process. */
  processOf(service: ServiceName): ProcessUnderTest;
  /** Registers a user, whose sockets {@link ChatUnderTest.close} disconnects. */
  register(name?: string): Promise<TestUser>;
  close(): Promise<void>;
}

/** A server that was started for one suite, which may stop its processes. */
export interface DedicatedChat extends ChatUnderTest {
  /** Stops all processes gracefully and starts them again. */
  restart(): Promise<void>;
  /** Gracefully stops the process that holds the sockets; in `standalone`, the only process. */
  stopSocketServer(): Promise<void>;
}

/**
 * Returns a server with {@link SHARED_SETTINGS} in the deployment of this Jest project: a new
 * process in `standalone`; otherwise the services that all suites of this Jest worker share. Their
 * rate limits are reset between suites, but rooms and users of earlier suites still exist.
 */
export function sharedChat(): Promise<ChatUnderTest> {
  return globalThis.chatDeployment === 'standalone'
    ? standalone(SHARED_SETTINGS)
    : sharedServices();
}

/**
 * Starts an empty server in the deployment of this Jest project, for suites that need different
 * settings from {@link sharedChat}, or that stop or measure processes.
 *
 * @param env settings of all processes
 */
export function startChat(env: Readonly<Record<string, string>> = {}): Promise<DedicatedChat> {
  return globalThis.chatDeployment === 'standalone' ? standalone(env) : services(env);
}

/** Returns the only address of the server; throws in a deployment without a single origin. */
export function originOf({ addresses }: ChatUnderTest): string {
  if (addresses.users !== addresses.chat) {
    throw new Error('this suite needs a deployment with a single origin');
  }
  return addresses.chat;
}

async function standalone(env: Readonly<Record<string, string>>): Promise<DedicatedChat> {
  const metricsPort = await reservePort();
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
      await server.terminate('SIGTERM');
      await server.restart();
    },
    stopSocketServer: async () => void (await server.terminate('SIGTERM')),
    close: () => server.close(),
  });
}

async function services(env: Readonly<Record<string, string>>): Promise<DedicatedChat> {
  const topology = await ServicesTopology.start({
    servers: await sharedServers(),
    env: { all: env },
  });
  const instances = topology.instances();
  const processes = instances.map((instance) => instance.process);
  return withAccounts({
    ...chatOf(topology.gatewayUrl, instances),
    restart: async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await Promise.all(processes.map((process) => process.start()));
      await topology.waitUntilHealthy();
    },
    stopSocketServer: () => topology.instance('chat').process.stop(),
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
  const users: TestUser[] = [];
  return {
    ...chat,
    register: async (name) => {
      const user = await TestUser.register(chat.addresses, name);
      users.push(user);
      return user;
    },
    close: async () => {
      for (const user of users) user.close();
      await chat.close();
    },
  };
}

function chatOf(
  gatewayUrl: string,
  instances: readonly SharedInstance[],
): Pick<ChatUnderTest, 'addresses' | 'processes' | 'processOf'> {
  const processOf = (service: ServiceName): SharedInstance => {
    const found = instances.find((instance) => instance.service === service);
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
