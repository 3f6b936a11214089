import { Logger } from '@nestjs/common';
import { connect, type AmqpConnectionManager } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';
import { within } from './time-limit.ts';

export interface BrokerOptions {
  /** `amqp://` or `amqps://`, with user and password. */
  readonly url: string;
  readonly heartbeatSeconds: number;
  /** As the broker shows it. */
  readonly name: string;
}

/** Longest wait for the handshake; a frozen broker still accepts connections. */
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_SECONDS = 1;
/** Longest wait for a broker to agree to the end of a connection. */
const CLOSE_TIMEOUT_MS = 2_000;

/** A connection to RabbitMQ, made anew for as long as it is open. */
export class BrokerConnection {
  readonly manager: AmqpConnectionManager;
  readonly #logger = new Logger('RabbitMQ');
  #state: 'connecting' | 'connected' | 'lost' | 'closed' = 'connecting';
  #reported = false;
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
    this.manager.on('connect', () => this.#connected());
    this.manager.on('connectFailed', ({ err }) => this.#unreachable(err));
    this.manager.on('disconnect', ({ err }) => this.#lost(err));
    this.manager.on('blocked', ({ reason }) => {
      this.#blocked = true;
      this.#logger.warn(`${this.#address} takes no messages for now: ${reason}.`);
    });
    this.manager.on('unblocked', () => {
      this.#blocked = false;
      this.#logger.log(`${this.#address} takes messages again.`);
    });
  }

  get current(): ChannelModel | undefined {
    return this.#state === 'connected' ? this.manager.connection : undefined;
  }

  /** The broker is short of memory or disk and reads nothing more for now. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** The connection as soon as there is one; undefined when the signal was aborted before. */
  async connected(signal: AbortSignal): Promise<ChannelModel | undefined> {
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

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await within(CLOSE_TIMEOUT_MS, this.manager.close()).catch(() => undefined);
  }

  /** Without user and password. */
  get #address(): string {
    const { url, name } = this.options;
    return `RabbitMQ at ${new URL(url).host} (${name})`;
  }

  #connected(): void {
    if (this.#state === 'closed') return;
    this.#state = 'connected';
    this.#reported = false;
    this.#blocked = false;
    this.#logger.log(`Connected to ${this.#address}.`);
  }

  #lost(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'lost';
    this.#blocked = false;
    this.#reported = true;
    this.#logger.error(
      `The connection to ${this.#address} was lost${reasonOf(error)}. Trying again until it is back.`,
    );
  }

  #unreachable(error: Error): void {
    if (this.#state === 'closed' || this.#reported) return;
    this.#reported = true;
    this.#logger.error(
      `${this.#address} cannot be reached${reasonOf(error)}. Trying again until it answers.`,
    );
  }
}

function reasonOf(error: Error | undefined): string {
  return error ? ` (${error.message})` : '';
}
