import type { Member } from '@chat/contracts';
import { useCallback, useEffect, useState } from 'react';
import { chat } from '../app/chat.ts';
import { useObservable } from '../app/observable.ts';
import { toUserMessage } from '../ui/user-message.ts';

const PAGE_SIZE = 100;

export interface RoomMembers {
  /** Undefined until the first page is loaded. */
  members: readonly Member[] | undefined;
  hasMore: boolean;
  errorMessage: string | undefined;
  loadMore: () => void;
}

/**
 * Loads the members of a room in pages, and reloads them after every membership change and after
 * an interruption of the connection, during which changes were missed.
 */
export function useMembers(roomId: string): RoomMembers {
  const { live } = useObservable(chat.room(roomId));
  const [pages, setPages] = useState(1);
  const [version, setVersion] = useState(0);
  const [members, setMembers] = useState<readonly Member[]>();
  const [hasMore, setHasMore] = useState(false);
  const [errorMessage, setErrorMessage] = useState<string>();

  useEffect(
    () =>
      chat.on('memberChanged', (change) => {
        if (change.roomId === roomId) setVersion((current) => current + 1);
      }),
    [roomId],
  );

  useEffect(() => {
    // Changes are missed until the room is live again; then the members are reloaded.
    if (!live) return;
    let current = true;
    fetchMembers(roomId, pages).then(
      (loaded) => {
        if (!current) return;
        setMembers(loaded);
        setHasMore(loaded.length === pages * PAGE_SIZE);
        setErrorMessage(undefined);
      },
      (error: unknown) => current && setErrorMessage(toUserMessage(error)),
    );
    return () => {
      current = false;
    };
  }, [roomId, pages, version, live]);

  const loadMore = useCallback(() => setPages((current) => current + 1), []);
  return { members, hasMore, errorMessage, loadMore };
}

async function fetchMembers(roomId: string, pages: number): Promise<Member[]> {
  const members: Member[] = [];
  for (let page = 0; page < pages; page += 1) {
    const after = members.at(-1)?.userId;
    const next = await chat.rest.members(roomId, { limit: PAGE_SIZE, ...(after && { after }) });
    members.push(...next);
    if (next.length < PAGE_SIZE) break;
  }
  return members;
}
