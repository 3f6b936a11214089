import { useRef, useState, type KeyboardEvent } from 'react';
import { TextField } from '../ui/TextField.tsx';
import { TOUCH } from '../ui/touch.ts';
import { findEmoji } from './emoji-list.ts';
import styles from './EmojiPicker.module.css';

interface EmojiPickerProps {
  onPick: (emoji: string) => void;
}

/** Common emoji with a search by name; Enter picks the first one found, arrow keys move in them. */
export function EmojiPicker({ onPick }: EmojiPickerProps) {
  const [query, setQuery] = useState('');
  const grid = useRef<HTMLDivElement>(null);
  const found = findEmoji(query);

  function buttons(): HTMLElement[] {
    return [...(grid.current?.querySelectorAll('button') ?? [])];
  }

  function onSearchKey(event: KeyboardEvent) {
    const [first] = found;
    if (event.key === 'Enter' && first) onPick(first.emoji);
    else if (event.key === 'ArrowDown') buttons()[0]?.focus();
    else return;
    event.preventDefault();
  }

  function onGridKey(event: KeyboardEvent<HTMLElement>, index: number) {
    const all = buttons();
    const perRow = all.filter((button) => button.offsetTop === all[0]?.offsetTop).length;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -perRow,
      ArrowDown: perRow,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    all[index + step]?.focus();
  }

  return (
    <div className={styles.picker}>
      <TextField
        label="Search emoji"
        type="search"
        autoComplete="off"
        autoFocus={!TOUCH.matches}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onSearchKey}
      />
      {found.length === 0 && <p role="status">No emoji found. Try another word.</p>}
      <div ref={grid} className={styles.grid} role="group" aria-label="Emoji">
        {found.map(({ emoji, name }, index) => (
          <button
            key={emoji}
            type="button"
            className={styles.emoji}
            // One stop for the Tab key; the arrow keys move between the emoji.
            tabIndex={index === 0 ? 0 : -1}
            title={name}
            aria-label={name}
            onClick={() => onPick(emoji)}
            onKeyDown={(event) => onGridKey(event, index)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </div>
  );
}
