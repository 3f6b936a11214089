import type { Reaction } from '@chat/contracts';
import { useMessageControls } from './controls.ts';
import { ReactionChip } from './ReactionChip.tsx';
import styles from './Reactions.module.css';
import type { ShownMessage } from './shown-message.ts';

/** The reactions to a message. */
export function Reactions({ message, canReact }: { message: ShownMessage; canReact: boolean }) {
  const { actor, react, moveFocus } = useMessageControls();
  const { id = '', reactions = [], unsavedEmoji = [] } = message;

  function toggle({ emoji, count, mine }: Reaction) {
    react(message, emoji);
    // The chip disappears.
    if (mine && count === 1) moveFocus(id, 0);
  }

  return (
    <ul className={styles.reactions} aria-label="Reactions">
      {reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <ReactionChip
            reaction={reaction}
            ownUserId={actor.ownUserId}
            isUnsaved={unsavedEmoji.includes(reaction.emoji)}
            onToggle={canReact ? () => toggle(reaction) : undefined}
          />
        </li>
      ))}
    </ul>
  );
}
