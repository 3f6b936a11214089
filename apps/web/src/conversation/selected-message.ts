import { useCallback, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { actionsId } from './actions-id.ts';

interface SelectedMessage {
  /** The message whose actions the Tab key reaches; the newest one by default. */
  selectedId: string | undefined;
  select: (messageId: string) => void;
  /**
   * Moves the focus from the actions of a message to those of the message `step` positions later in
   * the list (earlier if negative).
   */
  moveFocus: (messageId: string, step: number) => void;
}

/**
 * Tracks which message has the one tab stop of a list.
 *
 * @param messageIds the messages with actions, oldest first
 */
export function useSelectedMessage(messageIds: readonly string[]): SelectedMessage {
  const [chosenId, setChosenId] = useState<string>();
  const latestIds = useRef(messageIds);
  useEffect(() => {
    latestIds.current = messageIds;
  }, [messageIds]);

  const moveFocus = useCallback((messageId: string, step: number) => {
    const next = latestIds.current[latestIds.current.indexOf(messageId) + step];
    if (next === undefined) return;
    flushSync(() => setChosenId(next));
    const button = document.getElementById(actionsId(next));
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: 'nearest' });
  }, []);

  const isChosen = chosenId !== undefined && messageIds.includes(chosenId);
  return { selectedId: isChosen ? chosenId : messageIds.at(-1), select: setChosenId, moveFocus };
}
