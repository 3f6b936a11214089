import type { Message, Role } from '@chat/contracts';
import type { ChangeRequest } from '../check/observation.ts';

/** Probabilities of the kinds of changes; the remaining requests are sends. */
const EDIT = 0.12;
const REACT = 0.13;
const DELETE = 0.05;
/** Of the changes of reactions, those that remove one of the user's own if there is one. */
const REMOVE = 0.3;
const EMOJI = ['👍', '🎉', '👀'];

/** Number of newest messages, one of which a change is for. */
export const TARGETS = 10;

/** A message that may be changed. */
export type Target = Pick<Message, 'id' | 'userId' | 'deletedAt'>;

export interface ChangeChooserOptions {
  readonly userId: string;
  readonly roomId: string;
  /** Prefix of the names of requests; also the seed of the choices. */
  readonly name: string;
}

/**
 * Chooses what a client does next in a room: send, or change one of the newest messages. The kinds
 * follow from the seed; the messages also depend on what the client has received.
 *
 * Every edit has a different text, and a user sets and removes one reaction once at most, so that
 * a change that has its effect twice can be found.
 */
export class ChangeChooser {
  readonly #options: ChangeChooserOptions;
  readonly #random: () => number;
  /** Reactions that were requested, and whether they may be removed, by message and emoji. */
  readonly #reactions = new Map<string, { request: MutableChangeRequest; removed: boolean }>();
  #count = 0;

  constructor(options: ChangeChooserOptions) {
    this.#options = options;
    this.#random = seededRandom(options.name);
  }

  /**
   * Returns the next change, without attempts; undefined to send a message.
   *
   * @param targets the newest messages, about {@link TARGETS}
   */
  next(targets: readonly Target[], role: Role | undefined): MutableChangeRequest | undefined {
    const [kind, choice, detail] = [this.#random(), this.#random(), this.#random()];
    const open = targets.filter(({ deletedAt }) => deletedAt === undefined);
    const own = open.filter(({ userId }) => userId === this.#options.userId);
    if (kind < EDIT) {
      const target = pick(own, choice);
      const text = `edit ${this.#count + 1} of ${this.#options.name}`;
      return target && this.#request(target.id, { kind: 'edit', text });
    }
    if (kind < EDIT + REACT) {
      return detail < REMOVE
        ? (this.#removal(open, choice) ?? this.#reaction(open, choice))
        : this.#reaction(open, choice);
    }
    if (kind < EDIT + REACT + DELETE) {
      const target = pick(role === 'owner' || role === 'moderator' ? open : own, choice);
      return target && this.#request(target.id, { kind: 'delete' });
    }
    return undefined;
  }

  #reaction(targets: readonly Target[], choice: number): MutableChangeRequest | undefined {
    const target = pick(targets, choice);
    if (!target) return undefined;
    const emoji = EMOJI.find((candidate) => !this.#reactions.has(`${target.id} ${candidate}`));
    if (emoji === undefined) return undefined;
    const request = this.#request(target.id, { kind: 'react', emoji, on: true });
    this.#reactions.set(`${target.id} ${emoji}`, { request, removed: false });
    return request;
  }

  /** Removes a reaction that was acknowledged. */
  #removal(targets: readonly Target[], choice: number): MutableChangeRequest | undefined {
    const ids = new Set(targets.map(({ id }) => id));
    const removable = [...this.#reactions.values()].filter(
      ({ request, removed }) =>
        !removed && ids.has(request.messageId) && request.attempts.at(-1)?.outcome.kind === 'ok',
    );
    const reaction = pick(removable, choice);
    if (reaction?.request.change.kind !== 'react') return undefined;
    reaction.removed = true;
    const { messageId, change } = reaction.request;
    return this.#request(messageId, { kind: 'react', emoji: change.emoji, on: false });
  }

  #request(messageId: string, change: ChangeRequest['change']): MutableChangeRequest {
    this.#count += 1;
    const { name, roomId, userId } = this.#options;
    return { name: `${name}-c${this.#count}`, roomId, userId, messageId, change, attempts: [] };
  }
}

/** A request whose attempts are still recorded. */
export interface MutableChangeRequest extends ChangeRequest {
  readonly attempts: ChangeRequest['attempts'][number][];
}

/** Returns a generator of numbers from 0 to 1 (mulberry32), with a hash of the seed as its state. */
function seededRandom(seed: string): () => number {
  let state = 0;
  for (const character of seed)
    state = (Math.imul(state, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(items: readonly T[], choice: number): T | undefined {
  return items[Math.floor(choice * items.length)];
}
