import { z } from 'zod';

const wholeNumber = (minimum: number, maximum: number) => {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, { error: message, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
};

const list = (item: (text: string) => boolean, message: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.every(item), message);

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Calls between services do not use TLS. */
function isPlainOrigin(text: string): boolean {
  return isOrigin(text) && new URL(text).protocol === 'http:';
}

const HOST_NAME = /^[A-Za-z0-9.:_-]{1,253}$/;
const ADDRESS = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Settings of every server process. */
export const processSettings = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be one of development, test and production')
    .default('development')
    .describe('`production` refuses to start with settings that are only fit for development.'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .describe(`Minimum level of log lines: ${LOG_LEVELS.join(', ')}.`),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe('Port of the Prometheus metrics, at /metrics; 0 for any free port. Unset: none.'),
  METRICS_HOST: z
    .string()
    .trim()
    .regex(HOST_NAME, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Address on which the metrics are served.'),
} as const;

/** Settings of a process that serves HTTP. */
export const httpSettings = {
  HOST: z
    .string()
    .trim()
    .regex(HOST_NAME, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 accepts connections from other machines.'),
  PORT: wholeNumber(0, 65_535).default(3000).describe('Port to listen on; 0 for any free port.'),
  CORS_ORIGINS: list(
    isOrigin,
    'must be origins separated by commas, such as https://chat.example.com',
  )
    .optional()
    .describe(
      'Origins of pages that may call this server, separated by commas. Unset: any localhost origin, or none in production.',
    ),
  TRUST_PROXY: list(
    (text) => ADDRESS.safeParse(text).success,
    'must be addresses or networks separated by commas, such as 10.0.0.0/8',
  )
    .optional()
    .describe(
      'Addresses or networks of trusted proxies, whose X-Forwarded-For is used, separated by commas. Unset: none.',
    ),
} as const;

/** Returns the settings of a service behind a gateway, with the default port `port`. */
export const serviceSettings = (port: number) =>
  ({
    ...httpSettings,
    PORT: httpSettings.PORT.unwrap()
      .default(port)
      .describe('Port to listen on; 0 for any free port.'),
    STOP_DELAY_MS: wholeNumber(0, 5_000)
      .default(1_500)
      .describe(
        'Time for which a stopping service continues to serve while gateways remove it, in milliseconds.',
      ),
  }) as const;

/** Settings of access tokens. */
export const tokenSettings = {
  JWT_SECRET: z
    .string()
    .optional()
    .describe(
      'Secret that signs access tokens, at least 32 characters. Required in production; otherwise one is generated and stored in the data folder.',
    ),
  ACCESS_TOKEN_TTL_SECONDS: wholeNumber(1, 86_400)
    .default(3_600)
    .describe('Lifetime of an access token, in seconds.'),
} as const;

/** Settings of sign-in limits. */
export const signInSettings = {
  SIGN_IN_RATE: wholeNumber(1, 1_000_000)
    .default(20)
    .describe('Sustained rate of sign-ins and registrations per address, per second.'),
  SIGN_IN_BURST: wholeNumber(1, 1_000_000)
    .default(200)
    .describe('Burst of sign-ins and registrations per address.'),
  FAILED_SIGN_INS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .default(10)
    .describe('Failed sign-ins per account and minute.'),
} as const;

/** Settings of request limits. */
export const requestSettings = {
  REQUEST_RATE: wholeNumber(1, 1_000_000)
    .default(100)
    .describe(
      'Sustained rate of requests per user, or per address without a valid token, per second.',
    ),
  REQUEST_BURST: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Burst of requests per user, or per address without a valid token.'),
} as const;

/** Settings of large reads: pages of messages, lists of rooms, and joins with catch-up. */
export const readSettings = {
  READS_PER_USER: wholeNumber(1, 10_000)
    .default(4)
    .describe('Concurrent large reads per user, each until the client has read the response.'),
  READS_AT_ONCE: wholeNumber(1, 10_000)
    .default(32)
    .describe('Concurrent large reads of all users that a process executes.'),
  READ_BUDGET_MB: wholeNumber(4, 100_000)
    .default(32)
    .describe('Total size of large responses that clients have not read yet, in MiB.'),
  READ_RATE_MB: wholeNumber(1, 100_000)
    .default(4)
    .describe(
      'Sustained rate of large responses per user, in MiB per second; the burst is four times that.',
    ),
} as const;

/** Settings of send limits. */
export const sendSettings = {
  SEND_RATE: wholeNumber(1, 1_000_000)
    .default(50)
    .describe('Sustained rate of messages per user, per second.'),
  SEND_BURST: wholeNumber(1, 1_000_000).default(200).describe('Burst of messages per user.'),
} as const;

/** Settings of rooms. */
export const roomSettings = {
  ROOMS_AUTO_CREATE: flag
    .default(true)
    .describe('Whether joining a public room that does not exist creates it: true or false.'),
} as const;

function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'amqp:' || protocol === 'amqps:') && hostname !== '';
}

/** Settings of a process that connects to RabbitMQ. */
export const rabbitMqSettings = {
  RABBITMQ_URL: z
    .string('must be set')
    .refine(isBrokerUrl, 'must be an address such as amqp://user:password@localhost:5672')
    .describe('Address of RabbitMQ: amqp://user:password@host:5672/vhost, or amqps://.'),
  RABBITMQ_HEARTBEAT_SECONDS: wholeNumber(1, 60)
    .default(3)
    .describe(
      'Heartbeat interval in seconds; a silent peer is disconnected after two to three intervals.',
    ),
} as const;

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '';
}

/** Settings of a process that connects to Redis. */
export const redisSettings = {
  REDIS_URL: z
    .string('must be set')
    .refine(isRedisUrl, 'must be an address such as redis://localhost:6379')
    .describe('Address of Redis: redis://user:password@host:6379/database, or rediss://.'),
} as const;

/** Settings of a process that publishes persistence events. */
export const publisherSettings = {
  RABBITMQ_PUBLISH_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(2_000)
    .describe(
      'Timeout of a RabbitMQ publisher confirm, after which a send fails with UNAVAILABLE, in milliseconds.',
    ),
} as const;

/** Settings of a process that shares the partitions with other instances. */
export const partitionSettings = {
  PARTITION_HEARTBEAT_MS: wholeNumber(50, 60_000)
    .default(1_000)
    .describe(
      'Interval of the heartbeats between instances, in milliseconds; an instance that misses three counts as dead.',
    ),
  STORE_GIVE_UP_MS: wholeNumber(100, 600_000)
    .default(5_000)
    .describe(
      'Time for which the store may be unreachable before an instance hands its partitions over, in milliseconds.',
    ),
} as const;

function isMongoUri(text: string): boolean {
  return /^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/.test(text);
}

/** Settings of a process that stores in MongoDB. */
export const mongoSettings = {
  MONGO_URI: z
    .string('must be set')
    .refine(isMongoUri, 'must name a server and a database, such as mongodb://localhost:27017/chat')
    .describe('Address of MongoDB and its database: mongodb://user:password@host:27017/database.'),
  MONGO_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe(
      'Timeout of each step of a MongoDB call (server selection, connection, response), in milliseconds.',
    ),
} as const;

const instances = (service: string, port: number) =>
  list(isPlainOrigin, `must be http origins separated by commas, such as http://localhost:${port}`)
    .prefault(`http://localhost:${port}`)
    .describe(
      `Origins of ${service}, separated by commas. A host name with several addresses stands for all of them.`,
    );

/** Addresses of other services, for the processes that call them. */
export const serviceUrls = {
  users: { USERS_URLS: instances('the users service', 3001) },
  messages: { MESSAGES_URLS: instances('the messages service', 3002) },
  chat: { CHAT_URLS: instances('the chat service', 3003) },
} as const;

/** Settings of calls between services. */
export const serviceCallSettings = {
  SERVICE_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe('Timeout of a call to another service, in milliseconds.'),
} as const;

/** Settings of sockets: the heartbeat of Socket.IO, and limits of unauthenticated clients. */
export const socketSettings = {
  SOCKET_PING_INTERVAL_MS: wholeNumber(100, 300_000)
    .default(20_000)
    .describe('Interval of the Socket.IO heartbeat, in milliseconds.'),
  SOCKET_PING_TIMEOUT_MS: wholeNumber(100, 300_000)
    .default(15_000)
    .describe('Timeout of a Socket.IO heartbeat, in milliseconds.'),
  SOCKET_CONNECT_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Sustained rate of connections to the socket server per address, per second.'),
  SOCKET_CONNECT_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Burst of connections to the socket server per address.'),
  SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Concurrent unauthenticated connections per address.'),
  SOCKET_MAX_UNAUTHENTICATED: wholeNumber(1, 1_000_000)
    .default(4_000)
    .describe('Concurrent unauthenticated connections of all addresses.'),
} as const;

/** Settings of the gateway. */
export const gatewaySettings = {
  PAGE_FOLDER: z
    .string()
    .optional()
    .describe('Folder of the built web page, if the gateway serves it. Unset: no page.'),
  GATEWAY_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Sustained rate of requests and new sockets per address, per second.'),
  GATEWAY_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Burst of requests and new sockets per address.'),
  GATEWAY_MAX_SOCKETS: wholeNumber(1, 1_000_000)
    .default(20_000)
    .describe('Concurrent WebSockets of this gateway.'),
  GATEWAY_TIMEOUT_MS: wholeNumber(100, 600_000)
    .default(15_000)
    .describe('Timeout for the first byte of a response from a service, in milliseconds.'),
  GATEWAY_RETRY_MS: wholeNumber(0, 60_000)
    .default(5_000)
    .describe('Time for which a request that no instance accepts is retried, in milliseconds.'),
} as const;
