import { ServicesTopology, sharedServers, sharedTopology, StandaloneProcess } from '@chat/testing';

declare global {
  /** Server of this run: one process (`standalone`), or services behind a gateway. */
  var pageServer: 'standalone' | 'gateway';
}

/** A running chat server and its page, at one base URL. */
export interface ChatServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A chat server that was started for one suite, which may stop it. */
export interface DedicatedChatServer extends ChatServer {
  /** Kills all processes of the server (SIGKILL). */
  kill(): Promise<void>;
  /** Restarts the server after {@link kill} with the same stored data. */
  restart(): Promise<void>;
}

/**
 * Returns the server of this run. Behind the gateway, all suites of a worker share it: users and
 * messages from earlier suites exist.
 */
export async function sharedChatServer(): Promise<ChatServer> {
  if (globalThis.pageServer === 'standalone') return standalone();
  const { gatewayUrl } = await sharedTopology();
  return { url: gatewayUrl, close: () => Promise.resolve() };
}

/** Starts an empty server, for a suite that stops it. */
export async function startChatServer(): Promise<DedicatedChatServer> {
  return globalThis.pageServer === 'gateway' ? behindGateway() : standalone();
}

async function standalone(): Promise<DedicatedChatServer> {
  const server = await StandaloneProcess.start();
  return {
    url: server.url,
    kill: async () => void (await server.terminate('SIGKILL')),
    restart: () => server.restart(),
    close: () => server.close(),
  };
}

async function behindGateway(): Promise<DedicatedChatServer> {
  const topology = await ServicesTopology.start({ servers: await sharedServers(), chat: 2 });
  const gateway = topology.instance('gateway').process;
  const services = topology.instances().map((instance) => instance.process);
  return {
    url: topology.gatewayUrl,
    kill: async () => void (await Promise.all(services.map((service) => service.kill()))),
    restart: async () => {
      // The gateway starts last, so that a client that reaches it can also reach all services.
      const others = services.filter((service) => service !== gateway);
      await Promise.all(others.map((service) => service.start()));
      await gateway.start();
    },
    close: () => topology.close(),
  };
}
