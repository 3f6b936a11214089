import type { RoomConversation, RoomState } from '@chat/client';
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { Button } from '../ui/Button.tsx';
import { explain } from '../ui/problem.ts';
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
  const { hasOlder, live, messages } = state;
  const top = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string>();
  const [wasLive, setWasLive] = useState(live);
  const oldestSeq = messages[0]?.seq;

  // Retries automatically after a reconnect.
  if (live !== wasLive) {
    setWasLive(live);
    if (live) setProblem(undefined);
  }

  const load = useCallback(() => {
    setProblem(undefined);
    conversation.loadOlder().catch((error: unknown) => setProblem(explain(error)));
  }, [conversation]);

  useEffect(() => {
    if (!hasOlder || problem || !top.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) load();
      },
      { root: scroller.current, rootMargin: `${PRELOAD_DISTANCE_PX}px 0px 0px` },
    );
    observer.observe(top.current);
    return () => observer.disconnect();
    // Each page moves the top of the list: check its distance again.
  }, [hasOlder, problem, load, scroller, oldestSeq]);

  return (
    <div ref={top} className={styles.end}>
      {problem ? (
        <>
          <span>Couldn’t load older messages. {problem}</span>
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
