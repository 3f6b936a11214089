import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from './members.ts';
import { LOAD, type SendCounts } from './steps.ts';

/** A text of typical length. */
const TEXT = 'A line of a conversation, about as long as most of them are.';

interface TrackedSend {
  readonly sentAt: number;
  readonly deliveredTo: Set<Member>;
}

/** Sends on behalf of members and tracks acknowledgements and deliveries. */
export class SendTracker {
  readonly #entries = new Map<string, TrackedSend>();
  #acknowledged = 0;
  #delivered = 0;
  #rejection: string | undefined;
  /** Milliseconds from each send to its acknowledgement. */
  readonly toAcknowledged: number[] = [];
  /** Milliseconds from each send to each of its deliveries. */
  readonly toDelivered: number[] = [];

  constructor(
    members: readonly Member[],
    private readonly membersPerRoom: number,
  ) {
    for (const member of members) {
      member.socket.on('receiveMessage', ({ clientMessageId }) => {
        const entry =
          clientMessageId === undefined ? undefined : this.#entries.get(clientMessageId);
        if (!entry || entry.deliveredTo.has(member)) return;
        entry.deliveredTo.add(member);
        this.#delivered += 1;
        this.toDelivered.push(performance.now() - entry.sentAt);
      });
    }
  }

  /** @param acknowledged not called for a rejected send */
  send({ socket, roomId }: Member, acknowledged?: () => void): void {
    const clientMessageId = `m${this.#entries.size}`;
    const sentAt = performance.now();
    this.#entries.set(clientMessageId, { sentAt, deliveredTo: new Set() });
    socket.emit('sendMessage', { roomId, text: TEXT, clientMessageId }, (ack) => {
      if (!ack.ok) {
        this.#rejection ??= `${ack.error.code}: ${ack.error.message}`;
        return;
      }
      this.#acknowledged += 1;
      this.toAcknowledged.push(performance.now() - sentAt);
      acknowledged?.();
    });
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Error of the first rejected send. */
  get rejection(): string | undefined {
    return this.#rejection;
  }

  get counts(): SendCounts {
    const sent = this.#entries.size;
    return {
      sent,
      acknowledged: this.#acknowledged,
      shown: this.#delivered,
      toBeShown: sent * this.membersPerRoom,
    };
  }

  /** Waits until every send is acknowledged and delivered, at most `LOAD.settleMs`. */
  async waitUntilSettled(): Promise<void> {
    const deadline = performance.now() + LOAD.settleMs;
    while (!allDelivered(this.counts) && performance.now() < deadline) await delay(20);
  }
}

/** Returns whether every send was acknowledged and delivered to every member. */
export function allDelivered({ sent, acknowledged, shown, toBeShown }: SendCounts): boolean {
  return acknowledged === sent && shown === toBeShown;
}
