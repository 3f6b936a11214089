import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from './members.ts';
import { LOAD, type SendCounts } from './steps.ts';

/** A text of typical length. */
const TEXT = 'A line of a conversation, about as long as most of them are.';

interface TrackedSend {
  readonly at: number;
  readonly shownTo: Set<Member>;
}

/** Sends on behalf of members and tracks acknowledgements and deliveries. */
export class SendTracker {
  readonly #entries = new Map<string, TrackedSend>();
  #acknowledged = 0;
  #shown = 0;
  #refusal: string | undefined;
  /** Milliseconds from each send to its acknowledgement. */
  readonly toAcknowledged: number[] = [];
  /** Milliseconds from each send to each of its deliveries. */
  readonly toShown: number[] = [];

  constructor(
    members: readonly Member[],
    private readonly membersPerRoom: number,
  ) {
    for (const member of members) {
      member.socket.on('receiveMessage', ({ clientMessageId }) => {
        const entry =
          clientMessageId === undefined ? undefined : this.#entries.get(clientMessageId);
        if (!entry || entry.shownTo.has(member)) return;
        entry.shownTo.add(member);
        this.#shown += 1;
        this.toShown.push(performance.now() - entry.at);
      });
    }
  }

  /** @param acknowledged not called for a refused send */
  send({ socket, roomId }: Member, acknowledged?: () => void): void {
    const clientMessageId = `m${this.#entries.size}`;
    const at = performance.now();
    this.#entries.set(clientMessageId, { at, shownTo: new Set() });
    socket.emit('sendMessage', { roomId, text: TEXT, clientMessageId }, (answer) => {
      if (!answer.ok) {
        this.#refusal ??= `${answer.error.code}: ${answer.error.message}`;
        return;
      }
      this.#acknowledged += 1;
      this.toAcknowledged.push(performance.now() - at);
      acknowledged?.();
    });
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Error of the first refused send. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  get counts(): SendCounts {
    const sent = this.#entries.size;
    return {
      sent,
      acknowledged: this.#acknowledged,
      shown: this.#shown,
      toBeShown: sent * this.membersPerRoom,
    };
  }

  /** Waits until every send is acknowledged and delivered, at most `LOAD.settleMs`. */
  async settled(): Promise<void> {
    const deadline = performance.now() + LOAD.settleMs;
    while (!allDelivered(this.counts) && performance.now() < deadline) await delay(20);
  }
}

/** Returns whether every send was acknowledged and delivered to every member. */
export function allDelivered({ sent, acknowledged, shown, toBeShown }: SendCounts): boolean {
  return acknowledged === sent && shown === toBeShown;
}
