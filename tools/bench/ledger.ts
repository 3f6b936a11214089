import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from './crowd.ts';
import { LOAD, type Account } from './steps.ts';

/** About the length of a line of a conversation. */
const TEXT = 'A line of a conversation, about as long as most of them are.';

interface Entry {
  readonly at: number;
  readonly shownTo: Set<Member>;
}

/** Sends on behalf of members and keeps what became of it. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  #acknowledged = 0;
  #shown = 0;
  #refusal: string | undefined;
  /** Milliseconds from each send to its acknowledgement, and to each member that was shown it. */
  readonly toAcknowledged: number[] = [];
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

  /** @param acknowledged is not called for a send that is refused */
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

  /** Of the first send that was refused. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  get account(): Account {
    const sent = this.#entries.size;
    return {
      sent,
      acknowledged: this.#acknowledged,
      shown: this.#shown,
      toBeShown: sent * this.membersPerRoom,
    };
  }

  /** Resolves once everything is acknowledged and shown, or had the time for it. */
  async settled(): Promise<void> {
    const deadline = performance.now() + LOAD.settleMs;
    while (!isComplete(this.account) && performance.now() < deadline) await delay(20);
  }
}

export function isComplete({ sent, acknowledged, shown, toBeShown }: Account): boolean {
  return acknowledged === sent && shown === toBeShown;
}
