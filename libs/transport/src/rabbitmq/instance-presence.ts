import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import type { BrokerConnection } from './broker-connection.ts';
import { SupervisedChannel, type ChannelUse } from './supervised-channel.ts';
import { declareInstanceQueue, INSTANCES_EXCHANGE } from './topology.ts';

const Heartbeat = z.object({ id: z.string().max(100), state: z.enum(['here', 'leaving']) });
type Heartbeat = z.infer<typeof Heartbeat>;
/** Whether an instance is to be counted among those that share the partitions. */
export type PresenceState = Heartbeat['state'];

/** Silent for this many heartbeats, an instance counts as gone. */
const MISSED_UNTIL_GONE = 3;
/** Share of a heartbeat's time in which the others answer a newcomer. */
const INTRODUCTION = 0.25;

/** Which instances live, told by heartbeats through the broker. */
export class InstancePresence {
  readonly #channel: SupervisedChannel;
  /** When each other instance is given up, as `performance.now()` counts. */
  readonly #others = new Map<string, number>();
  /** When this one counts as deaf for want of its own heartbeats. */
  #deafAt = 0;
  #state: PresenceState = 'here';
  #open: ConfirmChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #introduction: NodeJS.Timeout | undefined;
  #lastBeat = 0;

  /**
   * @param connection one that carries no acknowledgements: an alarm of the broker stops it
   * @param changed told of the ids of all that share the partitions: once after
   * every connect and whenever somebody comes or goes. This instance is among
   * them while it is here, and while nobody else is
   */
  constructor(
    private readonly connection: BrokerConnection,
    private readonly id: string,
    private readonly heartbeatMs: number,
    private readonly changed: (living: readonly string[]) => void,
  ) {
    this.#channel = new SupervisedChannel(connection, this.#use());
  }

  start(): void {
    this.#channel.start();
  }

  /** Tells the others, so that they need not wait for silence. */
  announce(state: PresenceState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#say();
    this.#tell();
  }

  /** Leaves for good. */
  async leave(): Promise<void> {
    this.announce('leaving');
    await this.#channel.stop();
  }

  #use(): ChannelUse {
    return {
      name: 'The channel of heartbeats',
      opened: async (channel) => {
        const queue = await declareInstanceQueue(channel);
        await channel.consume(queue, (message) => this.#hear(message), { noAck: true });
        this.#open = channel;
        this.#lastBeat = performance.now();
        this.#deafAt = this.#goneAt();
        this.#channel.succeeded();
        this.#say();
        this.#timer = setInterval(() => this.#beat(), this.heartbeatMs);
        this.#introduction = setTimeout(() => {
          this.#introduction = undefined;
          this.#tell();
        }, this.heartbeatMs * INTRODUCTION);
      },
      closed: () => {
        this.#open = undefined;
        clearInterval(this.#timer);
        clearTimeout(this.#introduction);
        this.#introduction = undefined;
        this.#others.clear();
      },
    };
  }

  #beat(): void {
    const now = performance.now();
    const wasAway = now - this.#lastBeat > this.heartbeatMs * 2;
    this.#lastBeat = now;
    // Frozen or busy itself, it cannot have heard the others.
    if (wasAway) for (const id of this.#others.keys()) this.#others.set(id, this.#goneAt());
    // Nor itself, as nobody does while the broker takes nothing.
    if (wasAway || this.connection.blocked) this.#deafAt = this.#goneAt();
    if (this.#deafAt < now) return this.#channel.giveUp(new Error('it does not hear itself'));
    this.#say();
    const gone = [...this.#others].filter(([, goneAt]) => goneAt < now);
    for (const [id] of gone) this.#others.delete(id);
    if (gone.length > 0) this.#tell();
  }

  #hear(message: ConsumeMessage | null): void {
    if (!message) return this.#channel.giveUp(new Error('its queue is gone'));
    const heartbeat = decode(message);
    if (!heartbeat) return;
    const { id, state } = heartbeat;
    if (id === this.id) {
      this.#deafAt = this.#goneAt();
      return;
    }
    if (state === 'leaving') {
      if (this.#others.delete(id)) this.#tell();
      return;
    }
    const known = this.#others.has(id);
    this.#others.set(id, this.#goneAt());
    if (known) return;
    this.#say();
    this.#tell();
  }

  #goneAt(): number {
    return performance.now() + this.heartbeatMs * MISSED_UNTIL_GONE;
  }

  #say(): void {
    // Nothing is to pile up, nor to be said later.
    if (this.connection.blocked) return;
    const heartbeat: Heartbeat = { id: this.id, state: this.#state };
    try {
      this.#open?.publish(INSTANCES_EXCHANGE, '', Buffer.from(JSON.stringify(heartbeat)));
    } catch {
      // The channel has just closed; it is opened again, and the next heartbeat follows.
    }
  }

  /** Whoever has just come waits until the others have answered. */
  #tell(): void {
    if (!this.#open || this.#introduction) return;
    const others = [...this.#others.keys()];
    const counts = this.#state === 'here' || others.length === 0;
    this.changed(counts ? [this.id, ...others] : others);
  }
}

function decode({ content }: ConsumeMessage): Heartbeat | undefined {
  try {
    return Heartbeat.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
