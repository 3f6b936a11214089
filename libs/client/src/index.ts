export { browserSessionStorage } from './session/browser-session-storage.ts';
export { browserTransportStorage } from './connection/browser-transport-storage.ts';
export { ChatClient, type ChatClientOptions } from './chat-client.ts';
export { ChatError, type ChatErrorCode, type ChatErrorInfo } from './chat-error.ts';
export type { ConnectionState } from './connection/connection-state.ts';
export type { Connection } from './connection/connection.ts';
export type { Transport, TransportStorage } from './connection/transport-order.ts';
export type { Unsubscribe } from './emitter.ts';
export { indexedDbOutbox } from './outbox/indexed-db-outbox.ts';
export { MemoryOutbox } from './outbox/memory-outbox.ts';
export { MemorySessionStorage } from './session/memory-session-storage.ts';
export type { Observable } from './observable.ts';
export type { OutboxStorage, StoredEntry } from './outbox/outbox-storage.ts';
export type { ChangeKind, Command, CommandKind } from './outbox/outbox-command.ts';
export type {
  OutboxChange,
  OutboxEntry,
  OutboxEvents,
  OutboxMessage,
  OutboxState,
} from './outbox/outbox-entry.ts';
export type { Outbox } from './outbox/outbox.ts';
export type { ReadPosition, ReadPositions } from './read-positions/read-positions.ts';
export type { HistoryCursor, HistoryPage, RestClient } from './rest/rest-client.ts';
export type { RoomConversation } from './conversation/room-conversation.ts';
export type { RoomEvents, RoomState } from './conversation/room-state.ts';
export type { RoomList, RoomListState } from './rooms/room-list.ts';
export type { SessionStorage, StoredSession } from './session/session-storage.ts';
export type { Session, SessionState } from './session/session.ts';
