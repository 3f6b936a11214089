import type {
  AddMemberRequest,
  Changes,
  CreateRoomRequest,
  Member,
  Message,
  OwnUser,
  Room,
  RoomSummary,
  Session,
  UpdateMeRequest,
  User,
} from '@chat/contracts';

/** A page of history, oldest first, and the room's head when it was read. */
export interface HistoryPage {
  messages: Message[];
  seq: number;
  rev: number;
}

/** At most one of the cursors; without one the newest page. */
export interface HistoryCursor {
  /** Messages in the page, 1 to 200; 50 when absent. */
  limit?: number;
  /** Messages with a smaller seq, the nearest ones. */
  before?: number;
  /** Messages with a greater seq, the nearest ones. */
  after?: number;
  /** The message with this seq in the middle of the page. */
  around?: number;
}

/** The REST calls, typed and authenticated. Every method rejects with a {@link ChatError}. */
export interface RestClient {
  me(): Promise<OwnUser>;
  updateMe(request: UpdateMeRequest): Promise<OwnUser>;
  user(userId: string): Promise<User>;
  /** Users whose username or display name begins with `query`. */
  searchUsers(query: string, limit?: number): Promise<User[]>;
  /** The places where the user is signed in. */
  sessions(): Promise<Session[]>;
  revokeSession(sessionId: string): Promise<void>;

  /** Rooms the user is in. */
  rooms(): Promise<RoomSummary[]>;
  /** Public rooms the user is not in, by part of their name. */
  discoverRooms(query?: string): Promise<RoomSummary[]>;
  createRoom(request: CreateRoomRequest): Promise<Room>;
  room(roomId: string): Promise<RoomSummary>;
  /** A page of members; `after` is the last user id of the page before. */
  members(roomId: string, page?: { limit?: number; after?: string }): Promise<Member[]>;
  addMember(roomId: string, request: AddMemberRequest): Promise<Member>;
  /** Removes a member; with one's own id: leaves the room for good. */
  removeMember(roomId: string, userId: string): Promise<void>;

  history(roomId: string, cursor?: HistoryCursor): Promise<HistoryPage>;
  /** Messages changed after the rev `since`, in rev order. */
  changes(roomId: string, since: number, limit?: number): Promise<Changes>;
}
