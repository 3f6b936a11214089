import type { RoomConversation, RoomState } from '@chat/client';
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { Button } from '../ui/Button.tsx';
import { explain } from '../ui/problem.ts';
import styles from './OlderMessages.module.css';

/** History is fetched when its end is nearer than this many pixels. */
const AHEAD = 900;

interface OlderMessagesProps {
  conversation: RoomConversation;
  state: RoomState;
  scroller: RefObject<HTMLElement | null>;
}

/** The upper end of the list: fetches history before it comes into view, or says where it begins. */
export function OlderMessages({ conversation, state, scroller }: OlderMessagesProps) {
  const { hasOlder, live, messages } = state;
  const end = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string>();
  const [wasLive, setWasLive] = useState(live);
  const oldestSeq = messages[0]?.seq;

  // With the connection back, trying again needs no press of a button.
  if (live !== wasLive) {
    setWasLive(live);
    if (live) setProblem(undefined);
  }

  const load = useCallback(() => {
    setProblem(undefined);
    conversation.loadOlder().catch((error: unknown) => setProblem(explain(error)));
  }, [conversation]);

  useEffect(() => {
    if (!hasOlder || problem || !end.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) load();
      },
      { root: scroller.current, rootMargin: `${AHEAD}px 0px 0px` },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
    // Each page moves the end: look again whether it is still near.
  }, [hasOlder, problem, load, scroller, oldestSeq]);

  return (
    <div ref={end} className={styles.end}>
      {problem ? (
        <>
          <span>Older messages could not be loaded. {problem}</span>
          <Button look="quiet" onClick={load}>
            Try again
          </Button>
        </>
      ) : (
        <span>
          {hasOlder ? 'Loading older messages…' : 'This is where the conversation begins.'}
        </span>
      )}
    </div>
  );
}
