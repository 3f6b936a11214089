import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Changes, Message, RegisterResponse, RoomSummary } from '@chat/contracts';
import { newCredentials } from '@chat/testing';
import type { ListedRoom } from '../check/observation.ts';

const REQUEST_TIMEOUT_MS = 5_000;
const PAGE = 200;
const READ_RETRIES = 4;
const READ_PAUSE_MS = 500;

export interface ApiResponse<T> {
  readonly status: number;
  readonly body: T;
}

/** A registered user that sends plain HTTP requests, without the client library. */
export class TestUser {
  private constructor(
    readonly url: string,
    readonly id: string,
    readonly token: string,
  ) {}

  /** Returns a user who has a token already. */
  static withToken(url: string, id: string, token: string): TestUser {
    return new TestUser(url, id, token);
  }

  static async register(url: string, name: string): Promise<TestUser> {
    const response = await fetch(`${url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(newCredentials(name)),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.status !== 201) throw new Error(`registration failed: ${await response.text()}`);
    const { user, token } = (await response.json()) as RegisterResponse;
    return new TestUser(url, user.id, token);
  }

  /**
   * Sends a request on a new connection: a connection silenced by a fault must not affect the
   * result.
   *
   * @throws Error when no response arrives in time, or when it is not JSON
   */
  call<T>(method: string, path: string, body?: unknown): Promise<ApiResponse<T>> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const fail = ({ message }: Error) => reject(new Error(`${method} ${path}: ${message}`));
      const sentRequest = request(this.url + path, {
        method,
        agent: false,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(sent !== undefined && { 'content-type': 'application/json' }),
        },
      });
      sentRequest.on('error', fail);
      sentRequest.on('response', (response) => {
        text(response)
          .then((content) => {
            const parsed: unknown = content === '' ? undefined : JSON.parse(content);
            resolve({ status: response.statusCode ?? 0, body: parsed as T });
          })
          .catch(fail);
      });
      sentRequest.end(sent);
    });
  }

  async createPrivateRoom(name: string): Promise<string> {
    const { id } = await this.#require<RoomSummary>('POST', '/rooms', 201, {
      name,
      visibility: 'private',
    });
    return id;
  }

  async addMember(roomId: string, userId: string): Promise<void> {
    await this.#require('POST', `/rooms/${roomId}/members`, 201, { userId });
  }

  /** Reads the whole history of a room page by page, oldest first. */
  async history(roomId: string): Promise<Message[]> {
    const messages: Message[] = [];
    for (;;) {
      const after = messages.at(-1)?.seq ?? 0;
      const path = `/messages/history/${roomId}?limit=${PAGE}&after=${after}`;
      const page = await this.#require<Message[]>('GET', path, 200);
      if (page.length === 0) return messages;
      messages.push(...page);
    }
  }

  /** Lists the rooms of the user with their read positions. */
  async listRooms(): Promise<ListedRoom[]> {
    const rooms = await this.#require<RoomSummary[]>('GET', '/rooms', 200);
    return rooms.map(({ id: roomId, seq, lastReadSeq, unread }) => {
      return { userId: this.id, roomId, seq, lastReadSeq, unread };
    });
  }

  /** Reads one page of changes after a rev. */
  changesAfter(roomId: string, since: number): Promise<Changes> {
    const path = `/messages/changes/${roomId}?since=${since}&limit=${PAGE}`;
    return this.#require<Changes>('GET', path, 200);
  }

  /** Reads all changes of a room page by page, and the rev that they reach. */
  async changes(roomId: string): Promise<Pick<Changes, 'rev' | 'changes'>> {
    const all: Message[] = [];
    for (let since = 0; ;) {
      const { rev, complete, changes } = await this.changesAfter(roomId, since);
      all.push(...changes);
      if (complete) return { rev, changes: all };
      if (rev <= since) throw new Error(`the changes of ${roomId} do not continue after ${since}`);
      since = rev;
    }
  }

  /** Sends a request and checks the status; retries reads after 429 and 503, as clients should. */
  async #require<T>(method: string, path: string, status: number, body?: unknown): Promise<T> {
    let response = await this.call<T>(method, path, body);
    const canRetry = () => method === 'GET' && [429, 503].includes(response.status);
    for (let retry = 1; canRetry() && retry <= READ_RETRIES; retry += 1) {
      await delay(retry * READ_PAUSE_MS);
      response = await this.call<T>(method, path, body);
    }
    if (response.status !== status) {
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
    }
    return response.body;
  }
}
