import type { Reaction } from '@chat/contracts';
import { reactionLabel } from './reaction-label.ts';
import styles from './Reactions.module.css';

/** The reactions to a message, each with the number of users. */
export function Reactions({ reactions }: { reactions: readonly Reaction[] }) {
  return (
    <ul className={styles.reactions} aria-label="Reactions">
      {reactions.map((reaction) => (
        <li key={reaction.emoji} className={`${styles.chip} ${reaction.mine ? styles.own : ''}`}>
          <span aria-hidden="true">
            {reaction.emoji} <span className={styles.count}>{reaction.count}</span>
          </span>
          <span className="visually-hidden">{reactionLabel(reaction)}</span>
        </li>
      ))}
    </ul>
  );
}
