import type { ServerEvent, ServerPayload } from '@chat/contracts';
import { Connection } from './connection/connection.ts';
import {
  TransportOrder,
  type Transport,
  type TransportStorage,
} from './connection/transport-order.ts';
import type { Unsubscribe } from './emitter.ts';
import { HttpTransport } from './rest/http-transport.ts';
import { MemoryOutbox } from './outbox/memory-outbox.ts';
import { MemorySessionStorage } from './session/memory-session-storage.ts';
import type { OutboxStorage } from './outbox/outbox-storage.ts';
import { Outbox } from './outbox/outbox.ts';
import { ReadPositions } from './read-positions/read-positions.ts';
import { RestClient } from './rest/rest-client.ts';
import { RoomConversation } from './conversation/room-conversation.ts';
import { RoomList } from './rooms/room-list.ts';
import { parseServerUrl } from './server-url.ts';
import type { SessionStorage } from './session/session-storage.ts';
import { Session } from './session/session.ts';
import { onUserChange } from './session/user-changes.ts';

export interface ChatClientOptions {
  /**
   * Base URL of the server, for example `http://localhost:3000`; in a page `location.origin`. It may
   * have a path, for a proxy that removes it.
   */
  url: string;
  /**
   * Socket.IO transports in the order to try; by default WebSocket, then long polling. One that times
   * out is tried last from then on, and the one that works first.
   */
  transports?: Transport[];
  /** Stores the transport that works; in memory by default. In a browser: `browserTransportStorage()`. */
  transportStorage?: TransportStorage;
  /** Stores the session; in memory by default. In a browser: `browserSessionStorage()`. */
  sessionStorage?: SessionStorage;
  /** Stores a user's unsent messages and changes; in memory by default. In a browser: `indexedDbOutbox`. */
  outboxStorage?: (userId: string) => OutboxStorage;
}

/**
 * Client of the chat for one user at a time. Active from construction to `close()`: it connects as
 * soon as a user is signed in, and sends what is in the outbox.
 */
export class ChatClient {
  readonly session: Session;
  readonly rest: RestClient;
  readonly connection: Connection;
  readonly readPositions: ReadPositions;
  readonly rooms: RoomList;
  readonly outbox: Outbox;
  readonly #http: HttpTransport;
  readonly #conversations = new Map<string, RoomConversation>();
  readonly #stopListening: Unsubscribe;
  #closed = false;

  /** @throws TypeError when the URL is not one of a server */
  constructor({
    url,
    transports = ['websocket', 'polling'],
    transportStorage,
    sessionStorage = new MemorySessionStorage(),
    outboxStorage = inMemoryOutboxes(),
  }: ChatClientOptions) {
    const server = parseServerUrl(url);
    this.#http = new HttpTransport(server);
    this.session = new Session(this.#http, sessionStorage);
    // Subscribes before the objects created below do: conversations of the previous user end first.
    this.#stopListening = onUserChange(this.session, (_userId, previousId) => {
      if (previousId !== undefined) this.#endConversations();
    });
    this.rest = new RestClient(this.#http, this.session);
    this.connection = new Connection(
      server,
      this.session,
      new TransportOrder(transports, transportStorage),
    );
    this.outbox = new Outbox(this.session, this.connection, outboxStorage);
    this.readPositions = new ReadPositions(this.session, this.connection);
    this.rooms = new RoomList(this.session, this.connection, this.rest, this.readPositions);
  }

  /** Returns the conversation for a room: the same object per id while the user stays signed in. */
  room(roomId: string): RoomConversation {
    const known = this.#conversations.get(roomId);
    if (known) return known;
    const conversation = new RoomConversation(roomId, this);
    if (this.#closed) conversation.dispose();
    else this.#conversations.set(roomId, conversation);
    return conversation;
  }

  /** Subscribes to a server event, for example `memberChanged`; same as `connection.on`. */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe {
    return this.connection.on(event, listener);
  }

  /** Closes the socket and stops all timers and listeners. The session stays stored. */
  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#endConversations();
    this.rooms.close();
    this.readPositions.close();
    this.outbox.close();
    this.connection.close();
    this.session.close();
    this.#http.close();
  }

  #endConversations(): void {
    for (const conversation of this.#conversations.values()) conversation.dispose();
    this.#conversations.clear();
  }
}

/**
 * Returns one in-memory outbox per user that lasts as long as the client, so that unsent entries
 * are still there when the user signs in again.
 */
function inMemoryOutboxes(): (userId: string) => OutboxStorage {
  const outboxes = new Map<string, OutboxStorage>();
  return (userId) => {
    const outbox = outboxes.get(userId) ?? new MemoryOutbox();
    outboxes.set(userId, outbox);
    return outbox;
  };
}
