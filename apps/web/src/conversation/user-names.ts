import type { Message } from '@chat/contracts';
import { useEffect, useReducer } from 'react';
import { chat } from '../app/chat.ts';

/** Names by user id, of the authors of all messages seen and of users that were looked up. */
const names = new Map<string, string>();

/** Remembers the names of the authors. */
export function rememberAuthors(messages: readonly Message[]): void {
  for (const { userId, username } of messages) names.set(userId, username);
}

/** Returns the names of the users that are known; looks up the others while `needed`. */
export function useUserNames(userIds: readonly string[], needed: boolean): string[] {
  const [, update] = useReducer((count: number) => count + 1, 0);
  const missing = userIds.filter((userId) => !names.has(userId)).join(' ');

  useEffect(() => {
    if (!needed || missing === '') return;
    for (const userId of missing.split(' ')) {
      chat.rest.user(userId).then(
        ({ username }) => {
          names.set(userId, username);
          update();
        },
        () => undefined, // Counted without a name.
      );
    }
  }, [needed, missing]);

  return userIds.flatMap((userId) => names.get(userId) ?? []);
}
