import {
  browserSessionStorage,
  browserTransportStorage,
  ChatClient,
  indexedDbOutbox,
} from '@chat/client';

/** The page's chat client, connected to the origin of the page. */
export const chat = new ChatClient({
  url: location.origin,
  sessionStorage: browserSessionStorage(),
  transportStorage: browserTransportStorage(),
  outboxStorage: indexedDbOutbox,
});
