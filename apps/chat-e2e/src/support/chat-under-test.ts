import {
  missingSharedServers,
  privatePort,
  ServicesTopology,
  sharedServers,
  StandaloneProcess,
  type ServiceInstance,
  type ServiceName,
} from '@chat/testing';
import { describeUnless } from '@chat/testing/suites';

/**
 * In which way these suites have the chat run: in one process; as services
 * behind a gateway; or as services that are called directly.
 */
type RunsAs = 'standalone' | 'gateway' | 'services';

declare global {
  var chatRunsAs: RunsAs;
}

/** Where each area of the API is answered; all the same where there is one address. */
export interface Addresses {
  readonly users: string;
  readonly messages: string;
  readonly chat: string;
}

export function oneAddress(url: string): Addresses {
  return { users: url, messages: url, chat: url };
}

/** The address that answers a path. */
export function addressOf(at: Addresses, path: string): string {
  if (/^\/(auth|users)(\/|\?|$)/.test(path)) return at.users;
  if (/^\/(socket\.io|asyncapi\.json)/.test(path)) return at.chat;
  return at.messages;
}

/** A suite over a running chat; skipped, with the reason, where its servers are not installed. */
export function describeChat(name: string, suite: () => void): void {
  const missing = globalThis.chatRunsAs === 'standalone' ? undefined : missingSharedServers();
  describeUnless(missing, name, suite);
}

/** A server process of the chat under test. */
export interface ProcessUnderTest {
  readonly name: string;
  readonly metricsUrl: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
}

/** The chat, started for one suite with nothing in it. */
export interface ChatUnderTest {
  readonly at: Addresses;
  /** Every process that runs code of ours. */
  readonly processes: readonly ProcessUnderTest[];
  /** The process that does the work of a service: the only one, where the chat is one process. */
  processOf(service: ServiceName): ProcessUnderTest;
  /** Stops everything in its own way and starts it again. */
  restart(): Promise<void>;
  /** Stops what holds the sockets in its own way. */
  stopSockets(): Promise<void>;
  close(): Promise<void>;
}

/** @param env settings of whichever process has them */
export async function startChat(
  env: Readonly<Record<string, string>> = {},
): Promise<ChatUnderTest> {
  return globalThis.chatRunsAs === 'standalone' ? standalone(env) : services(env);
}

/** For suites that need no more than one address: all but those of services called directly. */
export function onlyAddress({ at }: ChatUnderTest): string {
  if (at.users !== at.chat) throw new Error('this suite is for a chat at one address');
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
    at: oneAddress(server.url),
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
  const direct = globalThis.chatRunsAs === 'services';
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
