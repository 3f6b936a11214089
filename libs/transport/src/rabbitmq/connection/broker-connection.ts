import { withTimeout } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';
import { connect, type AmqpConnectionManager } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';

/** How to connect to RabbitMQ. */
export interface BrokerOptions {
  /** `amqp://` or `amqps://`, with user and password. */
  readonly url: string;
  readonly heartbeatSeconds: number;
  /** Name of the connection, in the broker's management tools and in logs. */
  readonly name: string;
}

/** Longest wait for the handshake; a frozen broker still accepts connections. */
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_SECONDS = 1;
/** Longest wait for the broker to confirm that a connection is closed. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Maintains a connection to RabbitMQ, and reconnects until it is closed. */
export class BrokerConnection {
  readonly manager: AmqpConnectionManager;
  readonly #logger = new Logger('RabbitMQ');
  #state: 'connecting' | 'connected' | 'disconnected' | 'closed' = 'connecting';
  #outageLogged = false;
  #blocked = false;

  constructor(private readonly options: BrokerOptions) {
    this.manager = connect([options.url], {
      heartbeatIntervalInSeconds: options.heartbeatSeconds,
      reconnectTimeInSeconds: RECONNECT_SECONDS,
      connectionOptions: {
        timeout: CONNECT_TIMEOUT_MS,
        noDelay: true,
        clientProperties: { connection_name: options.name },
      },
    });
    this.manager.on('connect', () => this.#onConnected());
    this.manager.on('connectFailed', ({ err }) => this.#onUnreachable(err));
    this.manager.on('disconnect', ({ err }) => this.#onDisconnected(err));
    this.manager.on('blocked', ({ reason }) => {
      this.#blocked = true;
      this.#logger.warn({ ...this.#logFields, reason }, 'broker blocked publishing');
    });
    this.manager.on('unblocked', () => {
      this.#blocked = false;
      this.#logger.log(this.#logFields, 'broker unblocked publishing');
    });
  }

  /** The open connection; undefined while disconnected. */
  get current(): ChannelModel | undefined {
    return this.#state === 'connected' ? this.manager.connection : undefined;
  }

  /** Whether the broker, short of memory or disk, has stopped reading from this connection. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Resolves with the open connection, or with undefined if the signal is aborted first. */
  async waitUntilConnected(signal: AbortSignal): Promise<ChannelModel | undefined> {
    while (!signal.aborted) {
      if (this.current) return this.current;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.manager.once('connect', wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      this.manager.removeListener('connect', wake);
      signal.removeEventListener('abort', wake);
    }
    return undefined;
  }

  /** Closes the connection permanently. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await withTimeout(this.manager.close(), CLOSE_TIMEOUT_MS).catch(() => undefined);
  }

  /** Log fields; they contain neither the user nor the password. */
  get #logFields(): { dependency: string; connection: string; host: string } {
    const { url, name } = this.options;
    return { dependency: 'RabbitMQ', connection: name, host: new URL(url).host };
  }

  #onConnected(): void {
    if (this.#state === 'closed') return;
    const reconnected = this.#state === 'disconnected';
    this.#state = 'connected';
    this.#outageLogged = false;
    this.#blocked = false;
    this.#logger.log(
      this.#logFields,
      reconnected ? 'dependency available again' : 'dependency connected',
    );
  }

  #onDisconnected(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'disconnected';
    this.#blocked = false;
    this.#outageLogged = true;
    this.#logger.error(
      { ...this.#logFields, ...(error && { err: error }) },
      'dependency unavailable',
    );
  }

  #onUnreachable(error: Error): void {
    if (this.#state === 'closed' || this.#outageLogged) return;
    this.#outageLogged = true;
    this.#logger.error({ ...this.#logFields, err: error }, 'waiting for dependency');
  }
}
