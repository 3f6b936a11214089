import { BackingServers, ServicesTopology } from '@chat/testing';

/** Services and backing servers of a fault run. */
export interface TestEnvironment {
  readonly topology: ServicesTopology;
  /** URL of the broker itself, bypassing the proxies. */
  readonly rabbitMqUrl: string;
}

/** Every timeout is 1 to 3 s, so that a fault of 5 s outlasts all of them. */
const TIMING = {
  SERVICE_TIMEOUT_MS: '2000',
  MONGO_TIMEOUT_MS: '2000',
  RABBITMQ_HEARTBEAT_SECONDS: '1',
  RABBITMQ_PUBLISH_TIMEOUT_MS: '2000',
  PARTITION_HEARTBEAT_MS: '500',
  STORE_GIVE_UP_MS: '2000',
  SOCKET_PING_INTERVAL_MS: '1000',
  SOCKET_PING_TIMEOUT_MS: '2000',
  GATEWAY_TIMEOUT_MS: '3000',
  GATEWAY_RETRY_MS: '2000',
  STOP_DELAY_MS: '1000',
};

/** High limits: all clients have one address, and a series takes hours. */
const LIMITS = {
  GATEWAY_RATE: '100000',
  GATEWAY_BURST: '100000',
  REQUEST_RATE: '100000',
  REQUEST_BURST: '100000',
  SOCKET_CONNECT_RATE: '100000',
  SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: '100000',
  SOCKET_MAX_UNAUTHENTICATED: '100000',
  SIGN_IN_RATE: '1000',
  SIGN_IN_BURST: '1000',
  ACCESS_TOKEN_TTL_SECONDS: '86400',
};

/** Starts the environment. */
export async function startTestEnvironment(): Promise<TestEnvironment> {
  const servers = await BackingServers.start();
  try {
    const topology = await ServicesTopology.start({
      users: 1,
      messages: 2,
      chat: 3,
      gateway: 1,
      proxies: true,
      servers,
      closesServers: true,
      env: { all: { ...TIMING, ...LIMITS, LOG_LEVEL: 'warn' } },
    });
    return { topology, rabbitMqUrl: servers.rabbitmq.url };
  } catch (error) {
    await servers.close();
    throw error;
  }
}
