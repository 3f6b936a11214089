import { browserSessionStorage, ChatClient, indexedDbOutbox } from '@chat/client';

/** The page's one connection to the server that it came from. */
export const chat = new ChatClient({
  url: location.origin,
  sessionStorage: browserSessionStorage(),
  outboxStorage: indexedDbOutbox,
});
