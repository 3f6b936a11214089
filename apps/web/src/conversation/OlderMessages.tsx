import type { RoomConversation, RoomState } from '@chat/client';
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { Button } from '../ui/Button.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import styles from './OlderMessages.module.css';

/** Older messages are loaded when the top of the list is closer to the view than this. */
const PRELOAD_DISTANCE_PX = 900;

interface OlderMessagesProps {
  conversation: RoomConversation;
  state: RoomState;
  scroller: RefObject<HTMLElement | null>;
}

/** Top of the list: loads older messages before they come into view, or marks the start. */
export function OlderMessages({ conversation, state, scroller }: OlderMessagesProps) {
  const { hasOlder, loadingOlder, live } = state;
  const top = useRef<HTMLDivElement>(null);
  const [errorMessage, setErrorMessage] = useState<string>();
  const [wasLive, setWasLive] = useState(live);

  // Retries automatically after a reconnect.
  if (live !== wasLive) {
    setWasLive(live);
    if (live) setErrorMessage(undefined);
  }

  const load = useCallback(() => {
    setErrorMessage(undefined);
    conversation.loadOlder().catch((error: unknown) => setErrorMessage(toUserMessage(error)));
  }, [conversation]);

  useEffect(() => {
    // A call while a page is being loaded does not load another one.
    if (!hasOlder || loadingOlder || errorMessage || !top.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        // Fast scrolling reports several changes at once, oldest first.
        if (entries.at(-1)?.isIntersecting) load();
      },
      { root: scroller.current, rootMargin: `${PRELOAD_DISTANCE_PX}px 0px 0px` },
    );
    observer.observe(top.current);
    return () => observer.disconnect();
    // Each page moves the top of the list: check its distance again.
  }, [hasOlder, loadingOlder, errorMessage, load, scroller]);

  return (
    <div ref={top} className={styles.end}>
      {errorMessage ? (
        <>
          <span>Couldn’t load older messages. {errorMessage}</span>
          <Button variant="quiet" onClick={load}>
            Try again
          </Button>
        </>
      ) : (
        <span>
          {hasOlder ? 'Loading older messages…' : 'This is the start of the conversation.'}
        </span>
      )}
    </div>
  );
}
