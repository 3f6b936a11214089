import type { RoomConversation, RoomState } from '@chat/client';
import { useEffect, useState, type RefObject } from 'react';
import { formatUnread } from '../app/unread.ts';
import { JumpButton } from './JumpButton.tsx';

interface FirstUnreadButtonProps {
  conversation: RoomConversation;
  scroller: RefObject<HTMLElement | null>;
  /** Seq of the last message above the divider. */
  afterSeq: number;
  state: RoomState;
}

/** Scrolls to the first unread message; shown until that message has been in view. */
export function FirstUnreadButton({
  conversation,
  scroller,
  afterSeq,
  state,
}: FirstUnreadButtonProps) {
  const { messages, loadingOlder } = state;
  const oldestSeq = messages[0]?.seq ?? 0;
  const count = (messages.at(-1)?.seq ?? afterSeq) - afterSeq;
  const isLoaded = oldestSeq <= afterSeq + 1;
  const [isAbove, setIsAbove] = useState(!isLoaded);
  const [wasSeen, setWasSeen] = useState(false);
  const [requested, setRequested] = useState(false);
  // Ends when the message is in view: older messages that are loaded later do not move the view.
  const jumping = requested && !wasSeen;

  useEffect(() => {
    const row = firstUnreadRow(scroller);
    if (!isLoaded || !row) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setWasSeen(true);
        // Fast scrolling reports several changes at once, oldest first.
        const latest = entries.at(-1);
        setIsAbove(!!latest && latest.boundingClientRect.top < (latest.rootBounds?.top ?? 0));
      },
      { root: scroller.current },
    );
    observer.observe(row);
    return () => observer.disconnect();
  }, [scroller, isLoaded, afterSeq]);

  useEffect(() => {
    if (!jumping || loadingOlder) return;
    if (isLoaded) {
      firstUnreadRow(scroller)?.scrollIntoView({ block: 'start' });
      scroller.current?.focus({ preventScroll: true });
    } else conversation.loadOlder().catch(() => setRequested(false));
  }, [conversation, scroller, jumping, isLoaded, loadingOlder]);

  if (!isAbove || wasSeen) return null;
  const isLoading = jumping && !isLoaded;
  return (
    <JumpButton
      direction="up"
      label={isLoading ? 'Loading…' : `Jump to first unread (${formatUnread(count)})`}
      disabled={isLoading}
      onClick={() => setRequested(true)}
    />
  );
}

function firstUnreadRow(scroller: RefObject<HTMLElement | null>): Element | null {
  return scroller.current?.querySelector('[data-first-unread]') ?? null;
}
