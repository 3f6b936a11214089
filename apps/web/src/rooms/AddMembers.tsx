import type { Member, User } from '@chat/contracts';
import { useState } from 'react';
import { chat } from '../app/chat.ts';
import { Button } from '../ui/Button.tsx';
import { toUserMessage } from '../ui/user-message.ts';
import { TextField } from '../ui/TextField.tsx';
import styles from './AddMembers.module.css';
import { UserRow } from './UserRow.tsx';
import { useSearch } from './search.ts';

interface AddMembersProps {
  roomId: string;
  members: readonly Member[];
}

async function searchUsers(query: string): Promise<readonly User[]> {
  return query === '' ? [] : chat.rest.searchUsers(query, 10);
}

/** Finds users by name and adds them to a private room. */
export function AddMembers({ roomId, members }: AddMembersProps) {
  const [query, setQuery] = useState('');
  const [adding, setAdding] = useState<string>();
  const [errorMessage, setErrorMessage] = useState<string>();
  const search = useSearch(query.trim(), searchUsers);
  const memberIds = new Set(members.map((member) => member.userId));

  async function add(user: User) {
    setAdding(user.id);
    setErrorMessage(undefined);
    try {
      await chat.rest.addMember(roomId, { userId: user.id });
      setQuery('');
    } catch (error) {
      setErrorMessage(toUserMessage(error));
    }
    setAdding(undefined);
  }

  return (
    <div className={styles.add}>
      <TextField
        label="Add people"
        type="search"
        autoComplete="off"
        autoCapitalize="none"
        placeholder="Search by name"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        maxLength={64}
        error={errorMessage ?? search.errorMessage}
      />
      {query.trim() !== '' && (
        <ul aria-label="Search results">
          {search.results?.map((user) => (
            <UserRow key={user.id} username={user.username} displayName={user.displayName}>
              {memberIds.has(user.id) ? (
                <span className={styles.member}>Member</span>
              ) : (
                <Button
                  variant="quiet"
                  busy={adding === user.id}
                  aria-label={`Add ${user.username}`}
                  onClick={() => void add(user)}
                >
                  Add
                </Button>
              )}
            </UserRow>
          ))}
          {search.results?.length === 0 && !search.errorMessage && (
            <li className={styles.none}>No names start with this. Check the spelling.</li>
          )}
        </ul>
      )}
    </div>
  );
}
