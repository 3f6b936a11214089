import { randomUUID } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { SupervisedChannel } from '../connection/supervised-channel.ts';
import { declareInstanceQueue, INSTANCES_EXCHANGE } from '../topology.ts';

/**
 * Version of the event formats that this instance understands: 1 since `message.command`. It is
 * announced, so that an event of a new kind is published only when every instance knows it.
 */
const EVENT_VERSION = 1;

const Heartbeat = z.object({
  id: z.string().max(100),
  state: z.enum(['here', 'leaving']),
  version: z.int().min(0).default(0),
});
type Heartbeat = z.infer<typeof Heartbeat>;
/** Whether an instance takes a share of the partitions (`here`) or releases it (`leaving`). */
export type PresenceState = Heartbeat['state'];

/** An instance without a heartbeat for this many intervals is removed. */
const MISSED_HEARTBEATS = 3;
/** Fraction of the heartbeat interval within which other instances respond to a new one. */
const DISCOVERY_FRACTION = 0.25;

/** Tracks the live instances by heartbeats through the broker. */
export class InstancePresence {
  /** Identifies this instance. */
  readonly id = randomUUID();
  readonly #channel: SupervisedChannel;
  /** When each other instance expires unless it sends a heartbeat, in `performance.now()` time. */
  readonly #others = new Map<string, number>();
  /** Until when an instance of an earlier version may handle deliveries: longer than it is live. */
  #olderUntil = 0;
  /** When the channel is reopened unless this instance receives its own heartbeat. */
  #ownDeadline = 0;
  #state: PresenceState = 'here';
  #heartbeatTimer: NodeJS.Timeout | undefined;
  #discoveryTimer: NodeJS.Timeout | undefined;
  #lastHeartbeat = 0;

  /**
   * @param connection must carry no acknowledgements: a memory or disk alarm blocks it
   * @param onChange called with the ids of all instances that share the partitions: once after
   * every connect, and whenever an instance joins or leaves. The ids include this instance while
   * its state is `here`, and while there are no others
   */
  constructor(
    private readonly connection: BrokerConnection,
    private readonly heartbeatMs: number,
    private readonly onChange: (instanceIds: readonly string[]) => void,
  ) {
    this.#channel = new SupervisedChannel(connection, {
      name: 'heartbeats',
      setUp: async (channel) => {
        const queue = await declareInstanceQueue(channel);
        await channel.consume(queue, (message) => this.#receive(message), { noAck: true });
      },
      onReady: () => this.#startHeartbeats(),
      onClose: () => this.#stopHeartbeats(),
    });
  }

  /**
   * Whether every instance that handles deliveries understands the same event formats as this one;
   * false until the instances are known. One that is leaving handles deliveries until it has drained.
   */
  get allUnderstandEvents(): boolean {
    const isKnown = this.#channel.current !== undefined && this.#discoveryTimer === undefined;
    return isKnown && performance.now() >= this.#olderUntil;
  }

  /** Publishes a new state immediately, so that the other instances need not wait for a timeout. */
  announce(state: PresenceState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sendHeartbeat();
    this.#reportInstances();
  }

  /** Announces `leaving` and closes the channel permanently. */
  async leave(): Promise<void> {
    this.announce('leaving');
    await this.#channel.stop();
  }

  #startHeartbeats(): void {
    this.#lastHeartbeat = performance.now();
    this.#ownDeadline = this.#nextDeadline();
    this.#channel.resetBackoff();
    this.#sendHeartbeat();
    this.#heartbeatTimer = setInterval(() => this.#onInterval(), this.heartbeatMs);
    this.#discoveryTimer = setTimeout(() => {
      this.#discoveryTimer = undefined;
      this.#reportInstances();
    }, this.heartbeatMs * DISCOVERY_FRACTION);
  }

  #stopHeartbeats(): void {
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#discoveryTimer);
    this.#discoveryTimer = undefined;
    this.#others.clear();
  }

  #onInterval(): void {
    const now = performance.now();
    const wasPaused = now - this.#lastHeartbeat > this.heartbeatMs * 2;
    this.#lastHeartbeat = now;
    // A process that was frozen or busy cannot have received heartbeats from the others.
    if (wasPaused) {
      for (const id of this.#others.keys()) this.#others.set(id, this.#nextDeadline());
      if (this.#olderUntil > 0) this.#olderUntil = this.#nextDeadline();
    }
    // Nor its own heartbeats, which no instance receives while the broker blocks publishing.
    if (wasPaused || this.connection.blocked) this.#ownDeadline = this.#nextDeadline();
    if (this.#ownDeadline < now) {
      return this.#channel.reopen(new Error('own heartbeats not received'));
    }
    this.#sendHeartbeat();
    const expired = [...this.#others].filter(([, deadline]) => deadline < now);
    for (const [id] of expired) this.#others.delete(id);
    if (expired.length > 0) this.#reportInstances();
  }

  #receive(message: ConsumeMessage | null): void {
    if (!message) return this.#channel.reopen(new Error('heartbeat queue deleted'));
    const heartbeat = decode(message);
    if (!heartbeat) return;
    const { id, state, version } = heartbeat;
    if (id === this.id) {
      this.#ownDeadline = this.#nextDeadline();
      return;
    }
    if (version < EVENT_VERSION) this.#olderUntil = this.#nextDeadline();
    if (state === 'leaving') {
      if (this.#others.delete(id)) this.#reportInstances();
      return;
    }
    const known = this.#others.has(id);
    this.#others.set(id, this.#nextDeadline());
    if (known) return;
    this.#sendHeartbeat();
    this.#reportInstances();
  }

  #nextDeadline(): number {
    return performance.now() + this.heartbeatMs * MISSED_HEARTBEATS;
  }

  #sendHeartbeat(): void {
    // While the broker blocks publishing, heartbeats would be buffered and sent late.
    if (this.connection.blocked) return;
    const heartbeat: Heartbeat = { id: this.id, state: this.#state, version: EVENT_VERSION };
    try {
      this.#channel.current?.publish(
        INSTANCES_EXCHANGE,
        '',
        Buffer.from(JSON.stringify(heartbeat)),
      );
    } catch {
      // The channel has just closed; it is reopened, and the next heartbeat follows.
    }
  }

  /** Calls `onChange`, but not before the other instances have had time to respond to a new one. */
  #reportInstances(): void {
    if (!this.#channel.current || this.#discoveryTimer) return;
    const others = [...this.#others.keys()];
    const included = this.#state === 'here' || others.length === 0;
    this.onChange(included ? [this.id, ...others] : others);
  }
}

function decode({ content }: ConsumeMessage): Heartbeat | undefined {
  try {
    return Heartbeat.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
