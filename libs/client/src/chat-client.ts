import type { ServerEvent, ServerPayload } from '@chat/contracts';
import type { Connection } from './connection.ts';
import type { Unsubscribe } from './emitter.ts';
import type { OutboxStorage } from './outbox-storage.ts';
import type { Outbox } from './outbox.ts';
import type { RestClient } from './rest-client.ts';
import type { RoomConversation } from './room-conversation.ts';
import type { RoomList } from './room-list.ts';
import type { SessionStorage } from './session-storage.ts';
import type { Session } from './session.ts';

export interface ChatClientOptions {
  /** Where the server is, for example `http://localhost:3000`; in a page `location.origin`. */
  url: string;
  /** Socket.IO transports in the order to try; WebSocket, then long polling, unless given. */
  transports?: ('websocket' | 'polling')[];
  /** Where the session is kept; in memory unless given. In a browser: `browserSessionStorage()`. */
  sessionStorage?: SessionStorage;
  /** Where a user's unsent messages are kept; in memory unless given. In a browser: `indexedDbOutbox`. */
  outboxStorage?: (userId: string) => OutboxStorage;
}

/**
 * One user's connection to the chat. It is at work from construction to `close()`: it connects
 * as soon as somebody is signed in, and sends what was left unsent.
 */
export declare class ChatClient {
  readonly session: Session;
  readonly rest: RestClient;
  readonly connection: Connection;
  readonly rooms: RoomList;
  readonly outbox: Outbox;
  constructor(options: ChatClientOptions);
  /** The conversation of a room: the same object for the same id while the user stays signed in. */
  room(roomId: string): RoomConversation;
  /** Server events, for example `memberChanged`; same as `connection.on`. */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe;
  /** Ends everything: no timer, no socket, no listener is left. The session stays stored. */
  close(): Promise<void>;
}

/** Keeps the session in `localStorage`, shared by the tabs of one origin. */
export declare function browserSessionStorage(key?: string): SessionStorage;
/** Keeps one user's unsent messages in IndexedDB, shared by the tabs of one origin. */
export declare function indexedDbOutbox(userId: string): OutboxStorage;
