import { GENERAL_ROOM_ID, type OwnUser } from '@chat/contracts';
import { useEffect, useRef } from 'react';
import { ConnectionBar } from '../connection/ConnectionBar.tsx';
import { ConversationPane } from '../conversation/ConversationPane.tsx';
import { RejectedChanges } from '../conversation/RejectedChanges.tsx';
import { RoomsPane } from '../rooms/RoomsPane.tsx';
import { Notice } from '../ui/Notice.tsx';
import { RenderErrorNotice } from './RenderErrorNotice.tsx';
import styles from './ChatPage.module.css';
import { chat } from './chat.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { navigate, roomPath, useRoomId } from './location.ts';
import { useObservable } from './observable.ts';
import { useTitle } from './title.ts';
import { totalUnread } from './unread.ts';

/** Shows the list of rooms and the current conversation; on a phone, one of the two. */
export function ChatPage({ user }: { user: OwnUser }) {
  const roomId = useRoomId();
  useInitialRoom(roomId);
  return (
    <div className={styles.page} data-shows={roomId ? 'conversation' : 'rooms'}>
      <div>
        <ConnectionBar />
        <RejectedChanges />
      </div>
      <div className={styles.rooms}>
        <RoomsPane user={user} currentRoomId={roomId} />
      </div>
      <main className={styles.conversation}>
        {roomId ? (
          <ErrorBoundary key={roomId} fallback={<RenderErrorNotice />}>
            <ConversationPane roomId={roomId} user={user} />
          </ErrorBoundary>
        ) : (
          <NoRoom />
        )}
      </main>
    </div>
  );
}

function NoRoom() {
  useTitle(undefined, totalUnread(useObservable(chat.rooms).rooms));
  return (
    <Notice title="Choose a room">
      <p>Pick a room from the list, or use the buttons above it to find or create one.</p>
    </Notice>
  );
}

/** In a wide window without a room in its path, opens the latest room; `general` if none exists. */
function useInitialRoom(roomId: string | undefined): void {
  const { status, rooms } = useObservable(chat.rooms);
  const settled = useRef(false);
  useEffect(() => {
    if (settled.current) return;
    if (roomId || !matchMedia('(width >= 45rem)').matches) {
      settled.current = true;
    } else if (status === 'ready') {
      settled.current = true;
      navigate(roomPath(rooms[0]?.id ?? GENERAL_ROOM_ID), { replace: true });
    }
  }, [roomId, status, rooms]);
}
