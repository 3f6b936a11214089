import type { Reaction } from '@chat/contracts';

/** Describes a reaction for screen readers: `3 people reacted with 👍`. */
export function reactionLabel({ emoji, count, mine }: Reaction): string {
  if (!mine) return `${count === 1 ? '1 person' : `${count} people`} reacted with ${emoji}`;
  if (count === 1) return `You reacted with ${emoji}`;
  return `You and ${count === 2 ? '1 other person' : `${count - 1} other people`} reacted with ${emoji}`;
}
