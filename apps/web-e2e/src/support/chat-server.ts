import { ServicesTopology, sharedServers, StandaloneProcess } from '@chat/testing';

declare global {
  /** In which way these suites have the chat run: in one process, or as services behind a gateway. */
  var pageComesFrom: 'standalone' | 'gateway';
}

/** The chat with its page, at one address. */
export interface ChatServer {
  readonly url: string;
  /** Ends every process of it between any two instructions. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}, with what it has stored. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startChatServer(): Promise<ChatServer> {
  return globalThis.pageComesFrom === 'gateway' ? behindGateway() : standalone();
}

async function standalone(): Promise<ChatServer> {
  const server = await StandaloneProcess.start();
  return {
    url: server.url,
    kill: async () => void (await server.end('SIGKILL')),
    restart: () => server.restart(),
    close: () => server.close(),
  };
}

async function behindGateway(): Promise<ChatServer> {
  const topology = await ServicesTopology.start({ servers: await sharedServers(), chat: 2 });
  const gateway = topology.instance('gateway').process;
  const services = topology.instances().map((one) => one.process);
  return {
    url: topology.gatewayUrl,
    kill: async () => void (await Promise.all(services.map((one) => one.kill()))),
    restart: async () => {
      // The gateway last, so that whoever reaches it reaches them all.
      await Promise.all(services.filter((one) => one !== gateway).map((one) => one.start()));
      await gateway.start();
    },
    close: () => topology.close(),
  };
}
