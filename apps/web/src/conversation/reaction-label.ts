import type { Reaction } from '@chat/contracts';
import { emojiName } from '../emoji/quick-emoji.ts';

const list = new Intl.ListFormat('en-GB');

/**
 * Describes a reaction: `You, Ben and 3 others reacted with thumbs up`.
 *
 * @param names names of other users who reacted, as far as they are known
 */
export function reactionLabel({ emoji, count, mine }: Reaction, names: readonly string[]): string {
  const named = [...(mine ? ['You'] : []), ...names].slice(0, count);
  return `${list.format(withRest(named, count))} reacted with ${emojiName(emoji)}`;
}

/** Adds the number of users who are not named. */
function withRest(named: readonly string[], count: number): string[] {
  const rest = count - named.length;
  if (rest === 0) return [...named];
  if (named.length === 0) return [rest === 1 ? '1 person' : `${rest} people`];
  return [...named, rest === 1 ? '1 other' : `${rest} others`];
}
