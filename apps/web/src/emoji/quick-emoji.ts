/** An emoji with its English name. */
export interface NamedEmoji {
  readonly emoji: string;
  readonly name: string;
}

/** Reactions that are offered first. */
export const QUICK_EMOJI: readonly NamedEmoji[] = [
  { emoji: '👍', name: 'thumbs up' },
  { emoji: '❤️', name: 'red heart' },
  { emoji: '😂', name: 'tears of joy' },
  { emoji: '🎉', name: 'party popper' },
  { emoji: '😮', name: 'surprised' },
  { emoji: '✅', name: 'check mark' },
];

/** Returns the name of a quick emoji, and any other emoji itself: screen readers name it. */
export function emojiName(emoji: string): string {
  return QUICK_EMOJI.find((quick) => quick.emoji === emoji)?.name ?? emoji;
}
