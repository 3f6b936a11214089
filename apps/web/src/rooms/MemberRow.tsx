import type { Member, RoomSummary } from '@chat/contracts';
import { useId, useRef, useState } from 'react';
import { chat } from '../app/chat.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { MemberActions } from './MemberActions.tsx';
import { memberActions, type MemberAction } from './member-actions.ts';
import { UserRow } from './UserRow.tsx';

interface MemberRowProps {
  room: RoomSummary;
  member: Member;
  ownUserId: string;
}

/** A member, with a button that shows the actions on them. */
export function MemberRow({ room, member, ownUserId }: MemberRowProps) {
  const [open, setOpen] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const panelId = useId();
  const { userId, username, displayName, role } = member;
  const actions = memberActions(room, member, ownUserId);

  async function act(action: MemberAction) {
    const element = row.current;
    const next = action === 'remove' ? neighbourOf(element) : element;
    await perform(action, room.id, userId);
    setOpen(false);
    // The pressed button no longer exists, but the user may have moved the focus in the meantime.
    const { activeElement, body } = document;
    if (activeElement === body || element?.contains(activeElement)) next?.focus();
  }

  return (
    <UserRow
      ref={row}
      username={username}
      displayName={displayName}
      note={userId === ownUserId ? 'you' : undefined}
      badge={role === 'member' ? undefined : role}
    >
      {actions.length > 0 && (
        <Button
          variant="icon"
          title="Actions"
          aria-label={`Actions for ${username}`}
          aria-expanded={open}
          aria-controls={open ? panelId : undefined}
          onClick={() => setOpen(!open)}
        >
          <Icon shape="more" />
        </Button>
      )}
      {actions.length > 0 && open && (
        <MemberActions id={panelId} member={member} actions={actions} onAction={act} />
      )}
    </UserRow>
  );
}

async function perform(action: MemberAction, roomId: string, userId: string): Promise<void> {
  switch (action) {
    case 'makeModerator':
      await chat.rest.setMemberRole(roomId, userId, 'moderator');
      break;
    case 'makeMember':
    case 'stepDown':
      await chat.rest.setMemberRole(roomId, userId, 'member');
      break;
    case 'handOver':
      await chat.rest.setMemberRole(roomId, userId, 'owner');
      break;
    case 'remove':
      await chat.rest.removeMember(roomId, userId);
  }
}

/** Returns the row after or, for the last one, before this row. */
function neighbourOf(row: HTMLLIElement | null): HTMLElement | null {
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  return neighbour instanceof HTMLElement ? neighbour : null;
}
