import {
  missingSharedServers,
  privatePort,
  ServicesTopology,
  sharedServers,
  StandaloneProcess,
  type ServiceInstance,
  type ServiceName,
} from '@chat/testing';
import { describeUnlessMissing } from '@chat/testing/suites';

/**
 * Deployment of the chat under test: one process; services behind a gateway; or services that
 * are called directly.
 */
type Deployment = 'standalone' | 'gateway' | 'services';

declare global {
  var chatDeployment: Deployment;
}

/** Base URL of each area of the API; all are equal in deployments with a single origin. */
export interface Addresses {
  readonly users: string;
  readonly messages: string;
  readonly chat: string;
}

/** Returns the addresses of a deployment with a single origin. */
export function singleOrigin(url: string): Addresses {
  return { users: url, messages: url, chat: url };
}

/** Returns the base URL for a path. */
export function addressOf(at: Addresses, path: string): string {
  if (/^\/(auth|users)(\/|\?|$)/.test(path)) return at.users;
  if (/^\/(socket\.io|asyncapi\.json)/.test(path)) return at.chat;
  return at.messages;
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

/** An empty chat, started for one suite. */
export interface ChatUnderTest {
  readonly at: Addresses;
  /** All processes of the chat, without backing servers. */
  readonly processes: readonly ProcessUnderTest[];
  /** Returns the process of a service; in `standalone` the only process. */
  processOf(service: ServiceName): ProcessUnderTest;
  /** Stops all processes gracefully and starts them again. */
  restart(): Promise<void>;
  /** Stops the process with the sockets gracefully. */
  stopSockets(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the chat in the deployment of this Jest project.
 *
 * @param env settings of all processes
 */
export async function startChat(
  env: Readonly<Record<string, string>> = {},
): Promise<ChatUnderTest> {
  return globalThis.chatDeployment === 'standalone' ? standalone(env) : services(env);
}

/** Returns the only address of the chat; throws in a deployment without a single origin. */
export function originOf({ at }: ChatUnderTest): string {
  if (at.users !== at.chat) throw new Error('this suite needs a deployment with a single origin');
  return at.chat;
}

async function standalone(env: Readonly<Record<string, string>>): Promise<ChatUnderTest> {
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
  return {
    at: singleOrigin(server.url),
    processes: [process],
    processOf: () => process,
    restart: async () => {
      await server.end('SIGTERM');
      await server.restart();
    },
    stopSockets: async () => void (await server.end('SIGTERM')),
    close: () => server.close(),
  };
}

async function services(env: Readonly<Record<string, string>>): Promise<ChatUnderTest> {
  const servers = await sharedServers();
  const topology = await ServicesTopology.start({ servers, env: { all: env } });
  const url = topology.gatewayUrl;
  const direct = globalThis.chatDeployment === 'services';
  const processes = topology.instances().map((one) => one.process);
  const underTest = ({ name, metricsUrl, process }: ServiceInstance): ProcessUnderTest => ({
    name,
    metricsUrl,
    get pid() {
      return process.pid;
    },
  });
  return {
    processes: topology.instances().map(underTest),
    processOf: (service) => underTest(topology.instance(service)),
    at: {
      users: direct ? topology.instance('users').url : url,
      messages: direct ? topology.instance('messages').url : url,
      chat: direct ? topology.instance('chat').url : url,
    },
    restart: async () => {
      await Promise.all(processes.map((one) => one.stop()));
      await Promise.all(processes.map((one) => one.start()));
      await topology.healthy();
    },
    stopSockets: () => topology.instance('chat').process.stop(),
    close: () => topology.close(),
  };
}
