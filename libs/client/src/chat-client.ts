import type { ServerEvent, ServerPayload } from '@chat/contracts';
import { Connection } from './connection.ts';
import type { Unsubscribe } from './emitter.ts';
import { HttpTransport } from './http-transport.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { MemorySessionStorage } from './memory-session-storage.ts';
import type { OutboxStorage } from './outbox-storage.ts';
import { Outbox } from './outbox.ts';
import { RestClient } from './rest-client.ts';
import { RoomConversation } from './room-conversation.ts';
import { RoomList } from './room-list.ts';
import type { SessionStorage } from './session-storage.ts';
import { Session } from './session.ts';

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
export class ChatClient {
  readonly session: Session;
  readonly rest: RestClient;
  readonly connection: Connection;
  readonly rooms: RoomList;
  readonly outbox: Outbox;
  readonly #http: HttpTransport;
  readonly #conversations = new Map<string, RoomConversation>();
  readonly #stopListening: Unsubscribe;
  #userId: string | undefined;
  #closed = false;

  constructor({
    url,
    transports = ['websocket', 'polling'],
    sessionStorage = new MemorySessionStorage(),
    outboxStorage = inMemory(),
  }: ChatClientOptions) {
    this.#http = new HttpTransport(url);
    this.session = new Session(this.#http, sessionStorage);
    this.#userId = this.session.user?.id;
    // Before the parts follow the session: conversations of another user end first.
    this.#stopListening = this.session.subscribe(() => this.#followSession());
    this.rest = new RestClient(this.#http, this.session);
    this.connection = new Connection(url, this.session, transports);
    this.outbox = new Outbox(this.session, this.connection, outboxStorage);
    this.rooms = new RoomList(this.session, this.connection, this.rest);
  }

  /** The conversation of a room: the same object for the same id while the user stays signed in. */
  room(roomId: string): RoomConversation {
    const known = this.#conversations.get(roomId);
    if (known) return known;
    const conversation = new RoomConversation(roomId, this);
    if (this.#closed) conversation.dispose();
    else this.#conversations.set(roomId, conversation);
    return conversation;
  }

  /** Server events, for example `memberChanged`; same as `connection.on`. */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe {
    return this.connection.on(event, listener);
  }

  /** Ends everything: no timer, no socket, no listener is left. The session stays stored. */
  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#endConversations();
    this.rooms.close();
    this.outbox.close();
    this.connection.close();
    this.session.close();
    this.#http.close();
  }

  #followSession(): void {
    const userId = this.session.user?.id;
    if (userId === this.#userId) return;
    const hadUser = this.#userId !== undefined;
    this.#userId = userId;
    if (hadUser) this.#endConversations();
  }

  #endConversations(): void {
    for (const conversation of this.#conversations.values()) conversation.dispose();
    this.#conversations.clear();
  }
}

/** Memory that lasts as long as the client, so that a user who signs in again finds the unsent. */
function inMemory(): (userId: string) => OutboxStorage {
  const outboxes = new Map<string, OutboxStorage>();
  return (userId) => {
    const outbox = outboxes.get(userId) ?? new MemoryOutbox();
    outboxes.set(userId, outbox);
    return outbox;
  };
}
