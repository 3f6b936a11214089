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
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every(item), message);

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Between services nothing speaks TLS. */
function isPlainOrigin(text: string): boolean {
  return isOrigin(text) && new URL(text).protocol === 'http:';
}

const HOST_NAME = /^[A-Za-z0-9.:_-]{1,253}$/;
const ADDRESS = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Settings that every server process has. */
export const processSettings = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be one of development, test and production')
    .default('development')
    .describe('`production` refuses to start with settings that are fit for a laptop only.'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .describe(`How much is logged: ${LOG_LEVELS.join(', ')}.`),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe('Port of the metrics for Prometheus, at /metrics; 0 for any. Unset: none.'),
  METRICS_HOST: z
    .string()
    .trim()
    .regex(HOST_NAME, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Address that the metrics are served on.'),
} as const;

/** Settings of a process that answers HTTP. */
export const httpSettings = {
  HOST: z
    .string()
    .trim()
    .regex(HOST_NAME, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 to be reachable from other machines.'),
  PORT: wholeNumber(0, 65_535).default(3000).describe('Port to listen on; 0 for any that is free.'),
  CORS_ORIGINS: list(
    isOrigin,
    'must be origins separated by commas, such as https://chat.example.com',
  )
    .optional()
    .describe(
      'Origins of pages that may call this server, separated by commas. Unset: any localhost origin, and in production none.',
    ),
  TRUST_PROXY: list(
    (text) => ADDRESS.safeParse(text).success,
    'must be addresses or networks separated by commas, such as 10.0.0.0/8',
  )
    .optional()
    .describe(
      'Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas. Unset: none.',
    ),
} as const;

/** Settings of a service that stands behind a gateway; it has no page, and a port of its own. */
export const serviceSettings = (port: number) =>
  ({
    ...httpSettings,
    PORT: httpSettings.PORT.unwrap()
      .default(port)
      .describe('Port to listen on; 0 for any that is free.'),
    STOP_DELAY_MS: wholeNumber(0, 5_000)
      .default(1_500)
      .describe(
        'How long a service that is told to stop goes on while gateways take it out, in milliseconds.',
      ),
  }) as const;

/** Settings of access tokens. */
export const tokenSettings = {
  JWT_SECRET: z
    .string()
    .optional()
    .describe(
      'Secret that access tokens are signed with, at least 32 characters. Required in production; otherwise one is made and kept in the data folder.',
    ),
  ACCESS_TOKEN_TTL_SECONDS: wholeNumber(1, 86_400)
    .default(3_600)
    .describe('How long an access token is valid, in seconds.'),
} as const;

/** Settings of signing in. */
export const signInSettings = {
  SIGN_IN_RATE: wholeNumber(1, 1_000_000)
    .default(20)
    .describe('Sign-ins and registrations per second and address, sustained.'),
  SIGN_IN_BURST: wholeNumber(1, 1_000_000)
    .default(200)
    .describe('Sign-ins and registrations at once from an address that was quiet.'),
  FAILED_SIGN_INS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .default(10)
    .describe('Failed sign-ins per account and minute.'),
} as const;

/** Settings of the rate of requests. */
export const requestSettings = {
  REQUEST_RATE: wholeNumber(1, 1_000_000)
    .default(100)
    .describe('Requests per second and user, sustained; per address where no user is signed in.'),
  REQUEST_BURST: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Requests at once from a user, or an address, that was quiet.'),
} as const;

/** Settings of large reads: pages of messages, lists of rooms, and joins that catch up. */
export const readSettings = {
  READS_PER_USER: wholeNumber(1, 10_000)
    .default(4)
    .describe('Large reads that one user may have in progress, until their answers are taken.'),
  READS_AT_ONCE: wholeNumber(1, 10_000)
    .default(32)
    .describe('Large reads of all users that a process works on at once.'),
  READ_BUDGET_MB: wholeNumber(4, 100_000)
    .default(32)
    .describe('Size of all large answers that clients have not taken yet, in MiB.'),
  READ_RATE_MB: wholeNumber(1, 100_000)
    .default(4)
    .describe('Large answers per second and user, in MiB, sustained; four times as much at once.'),
} as const;

/** Settings of sending messages. */
export const sendSettings = {
  SEND_RATE: wholeNumber(1, 1_000_000)
    .default(50)
    .describe('Messages per second and user, sustained.'),
  SEND_BURST: wholeNumber(1, 1_000_000)
    .default(200)
    .describe('Messages at once from a user who was quiet.'),
} as const;

/** Settings of rooms. */
export const roomSettings = {
  ROOMS_AUTO_CREATE: flag
    .default(true)
    .describe('Whether joining a public room that does not exist makes it: true or false.'),
} as const;

function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'amqp:' || protocol === 'amqps:') && hostname !== '';
}

/** Settings of a process that talks to RabbitMQ. */
export const rabbitMqSettings = {
  RABBITMQ_URL: z
    .string('must be set')
    .refine(isBrokerUrl, 'must be an address such as amqp://user:password@localhost:5672')
    .describe('Address of RabbitMQ: amqp://user:password@host:5672/vhost, or amqps://.'),
  RABBITMQ_HEARTBEAT_SECONDS: wholeNumber(1, 60)
    .default(3)
    .describe('A silent broker, or a silent client, is given up after two to three of these.'),
} as const;

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '';
}

/** Settings of a process that talks to Redis. */
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
      "Longest wait for RabbitMQ's confirm before a send is refused as unavailable, in milliseconds.",
    ),
} as const;

/** Settings of a process that shares the partitions with others of its kind. */
export const partitionSettings = {
  PARTITION_HEARTBEAT_MS: wholeNumber(50, 60_000)
    .default(1_000)
    .describe(
      'How often instances tell each other that they live, in milliseconds; silent for three of these, an instance counts as gone.',
    ),
  STORE_GIVE_UP_MS: wholeNumber(100, 600_000)
    .default(5_000)
    .describe(
      'How long the store may be unreachable before partitions are handed to another instance, in milliseconds.',
    ),
} as const;

function isMongoUri(text: string): boolean {
  return /^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/.test(text);
}

/** Settings of a process that stores in MongoDB. */
export const mongoSettings = {
  MONGO_URI: z
    .string('must be set')
    .refine(isMongoUri, 'must name a server and a database, as mongodb://localhost:27017/chat does')
    .describe('Address of MongoDB and its database: mongodb://user:password@host:27017/database.'),
  MONGO_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe(
      'Longest wait for MongoDB: for a server, a connection and an answer, each, in milliseconds.',
    ),
} as const;

const instances = (service: string, port: number) =>
  list(isPlainOrigin, `must be http origins separated by commas, such as http://localhost:${port}`)
    .prefault(`http://localhost:${port}`)
    .describe(
      `Where ${service} is: origins separated by commas. A name that has several addresses stands for all of them.`,
    );

/** Where other services are, for those that call them. */
export const serviceUrls = {
  users: { USERS_URLS: instances('the users service', 3001) },
  messages: { MESSAGES_URLS: instances('the messages service', 3002) },
  chat: { CHAT_URLS: instances('the chat service', 3003) },
} as const;

/** Settings of calls between services. */
export const serviceCallSettings = {
  SERVICE_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe('Longest wait for the answer of another service, in milliseconds.'),
} as const;

/** Settings of sockets: Socket.IO's heartbeat, and limits of clients that have not authenticated yet. */
export const socketSettings = {
  SOCKET_PING_INTERVAL_MS: wholeNumber(100, 300_000)
    .default(20_000)
    .describe('How often a socket is asked whether it lives, in milliseconds.'),
  SOCKET_PING_TIMEOUT_MS: wholeNumber(100, 300_000)
    .default(15_000)
    .describe('How long it may take to answer, in milliseconds.'),
  SOCKET_CONNECT_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Connections to the socket server per second and address, sustained.'),
  SOCKET_CONNECT_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Connections to the socket server at once from an address that was quiet.'),
  SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Connections of one address that have not authenticated yet, at once.'),
  SOCKET_MAX_UNAUTHENTICATED: wholeNumber(1, 1_000_000)
    .default(4_000)
    .describe('Connections of all addresses that have not authenticated yet, at once.'),
} as const;

/** Settings of what passes through the gateway. */
export const gatewaySettings = {
  PAGE_FOLDER: z
    .string()
    .optional()
    .describe('Folder of the built web page, for a gateway that serves it. Unset: none is served.'),
  GATEWAY_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Requests and new sockets per second and address, sustained.'),
  GATEWAY_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Requests and new sockets at once from an address that was quiet.'),
  GATEWAY_MAX_SOCKETS: wholeNumber(1, 1_000_000)
    .default(20_000)
    .describe('WebSockets that pass through this gateway at once.'),
  GATEWAY_TIMEOUT_MS: wholeNumber(100, 600_000)
    .default(15_000)
    .describe('Longest wait for the beginning of an answer of a service, in milliseconds.'),
  GATEWAY_RETRY_MS: wholeNumber(0, 60_000)
    .default(5_000)
    .describe('How long a request that no instance takes is tried again, in milliseconds.'),
} as const;
