import type { Reaction } from '@chat/contracts';
import { useRef, useState } from 'react';
import { Tooltip } from '../ui/Tooltip.tsx';
import { reactionLabel } from './reaction-label.ts';
import styles from './Reactions.module.css';
import { useUserNames } from './user-names.ts';

/** Users that the label names; the others are counted. */
const MAX_NAMES = 5;

interface ReactionChipProps {
  reaction: Reaction;
  ownUserId: string;
  /** Whether the user's reaction is not acknowledged yet. */
  isUnsaved: boolean;
  /** Absent if the user may not react. */
  onToggle: (() => void) | undefined;
}

/** One emoji with the number of users who reacted with it; sets or removes the user's reaction. */
export function ReactionChip({ reaction, ownUserId, isUnsaved, onToggle }: ReactionChipProps) {
  const chip = useRef<HTMLButtonElement>(null);
  const [isPointedAt, setPointedAt] = useState(false);
  const { emoji, count, userIds, mine = false } = reaction;
  const others = userIds.filter((userId) => userId !== ownUserId).slice(0, MAX_NAMES);
  const label = reactionLabel(reaction, useUserNames(others, isPointedAt));

  return (
    <button
      ref={chip}
      type="button"
      className={`${styles.chip} ${mine ? styles.own : ''} ${isUnsaved ? styles.unsaved : ''}`}
      aria-pressed={mine}
      aria-label={label}
      disabled={!onToggle}
      onClick={onToggle}
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={(event) => setPointedAt(event.target.matches(':focus-visible'))}
      onBlur={() => setPointedAt(false)}
    >
      {emoji} <span className={styles.count}>{count}</span>
      {isPointedAt && <Tooltip anchor={chip} text={label} />}
    </button>
  );
}
