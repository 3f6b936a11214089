import type {
  AddMemberRequest,
  Changes,
  CreateRoomRequest,
  EarlierVersion,
  Member,
  Message,
  OwnUser,
  Reactor,
  Role,
  Room,
  RoomSummary,
  Session as SessionInfo,
  UpdateMeRequest,
  User,
} from '@chat/contracts';
import { ChatError } from '../chat-error.ts';
import type { HttpResponse, HttpRequest, HttpTransport } from './http-transport.ts';
import type { Session } from '../session/session.ts';

/** A page of history, oldest first, with the room's `seq` and `rev` when it was read. */
export interface HistoryPage {
  messages: Message[];
  seq: number;
  rev: number;
  /** How long authors can edit a message, in milliseconds; Infinity without a known limit. */
  editWindowMs: number;
}

/** Selects a page of history by at most one cursor; without one, the newest page. */
export interface HistoryCursor {
  /** Page size, 1 to 200; 50 by default. */
  limit?: number;
  /** The messages right before this seq. */
  before?: number;
  /** The messages right after this seq. */
  after?: number;
  /** The messages around this seq. */
  around?: number;
}

/** Typed, authenticated REST calls. Every method rejects with a {@link ChatError}. */
export class RestClient {
  readonly #http: HttpTransport;
  readonly #session: Session;

  constructor(http: HttpTransport, session: Session) {
    this.#http = http;
    this.#session = session;
  }

  me(): Promise<OwnUser> {
    return this.#get('/users/me');
  }

  async updateMe(request: UpdateMeRequest): Promise<OwnUser> {
    const user = await this.#call<OwnUser>({ method: 'PATCH', path: '/users/me', body: request });
    this.#session.updateUser(user.data);
    return user.data;
  }

  user(userId: string): Promise<User> {
    return this.#get(`/users/${segment(userId)}`);
  }

  /** Finds users whose username or display name begins with `query`. */
  searchUsers(query: string, limit?: number): Promise<User[]> {
    return this.#get('/users', { query, limit });
  }

  /** Lists the user's sessions on all devices. */
  sessions(): Promise<SessionInfo[]> {
    return this.#get('/auth/sessions');
  }

  async revokeSession(sessionId: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/auth/sessions/${segment(sessionId)}` });
  }

  /** Lists the rooms that the user is a member of. */
  rooms(): Promise<RoomSummary[]> {
    return this.#get('/rooms');
  }

  /** Lists public rooms that the user is not a member of; `query` matches part of the name. */
  discoverRooms(query?: string): Promise<RoomSummary[]> {
    return this.#get('/rooms', { discover: 'true', query });
  }

  async createRoom(request: CreateRoomRequest): Promise<Room> {
    return (await this.#call<Room>({ method: 'POST', path: '/rooms', body: request })).data;
  }

  room(roomId: string): Promise<RoomSummary> {
    return this.#get(`/rooms/${segment(roomId)}`);
  }

  /** Permanently deletes a room that the user owns. */
  async deleteRoom(roomId: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/rooms/${segment(roomId)}` });
  }

  /** Returns a page of members; `after` is the last user id of the previous page. */
  members(roomId: string, page: { limit?: number; after?: string } = {}): Promise<Member[]> {
    return this.#get(`/rooms/${segment(roomId)}/members`, page);
  }

  async addMember(roomId: string, request: AddMemberRequest): Promise<Member> {
    const path = `/rooms/${segment(roomId)}/members`;
    return (await this.#call<Member>({ method: 'POST', path, body: request })).data;
  }

  /** Removes a member; with the user's own id, leaves the room permanently. */
  async removeMember(roomId: string, userId: string): Promise<void> {
    const path = `/rooms/${segment(roomId)}/members/${segment(userId)}`;
    await this.#call({ method: 'DELETE', path });
  }

  /** Changes the role of a member; `owner` hands the room over, and its owner becomes a moderator. */
  async setMemberRole(roomId: string, userId: string, role: Role): Promise<Member> {
    const path = `/rooms/${segment(roomId)}/members/${segment(userId)}`;
    return (await this.#call<Member>({ method: 'PATCH', path, body: { role } })).data;
  }

  async history(roomId: string, cursor: HistoryCursor = {}): Promise<HistoryPage> {
    const path = `/messages/history/${segment(roomId)}`;
    const { data, headers } = await this.#call<Message[]>({
      method: 'GET',
      path,
      query: { ...cursor },
    });
    const editWindow = headerNumber(headers, 'x-edit-window') ?? 0;
    return {
      messages: data,
      seq: headerNumber(headers, 'x-room-seq') ?? data.at(-1)?.seq ?? 0,
      rev: headerNumber(headers, 'x-room-rev') ?? Math.max(0, ...data.map(({ rev }) => rev)),
      editWindowMs: editWindow === 0 ? Infinity : editWindow * 1_000,
    };
  }

  /** Returns messages changed after the rev `since`, in rev order. */
  changes(roomId: string, since: number, limit?: number): Promise<Changes> {
    return this.#get(`/messages/changes/${segment(roomId)}`, { since, limit });
  }

  message(roomId: string, messageId: string): Promise<Message> {
    return this.#get(messagePath(roomId, messageId));
  }

  /** Lists the texts before each edit, oldest first. */
  messageVersions(roomId: string, messageId: string): Promise<EarlierVersion[]> {
    return this.#get(`${messagePath(roomId, messageId)}/versions`);
  }

  /**
   * Returns a page of users who reacted, with their usernames if they have accounts; `after` is the
   * last user id of the previous page.
   */
  reactors(
    roomId: string,
    messageId: string,
    emoji: string,
    page: { limit?: number; after?: string } = {},
  ): Promise<Reactor[]> {
    return this.#get(`${messagePath(roomId, messageId)}/reactions`, { emoji, ...page });
  }

  async #get<T>(path: string, query: NonNullable<HttpRequest['query']> = {}): Promise<T> {
    return (await this.#call<T>({ method: 'GET', path, query })).data;
  }

  async #call<T>(request: HttpRequest): Promise<HttpResponse<T>> {
    const token = await this.#session.accessToken();
    try {
      return await this.#http.request<T>({ ...request, token });
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      const fresh = await this.#session.refresh(token);
      return this.#http.request<T>({ ...request, token: fresh });
    }
  }
}

function messagePath(roomId: string, messageId: string): string {
  return `/rooms/${segment(roomId)}/messages/${segment(messageId)}`;
}

function segment(id: string): string {
  return encodeURIComponent(id);
}

/** Parses a numeric header; undefined when a cross-origin server does not expose it. */
function headerNumber(headers: Headers, name: string): number | undefined {
  const value = headers.get(name);
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
