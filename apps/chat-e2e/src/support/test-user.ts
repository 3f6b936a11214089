import { randomBytes } from 'node:crypto';
import type {
  Changes,
  ClientToServerEvents,
  Message,
  RegisterResponse,
  RoomSummary,
  ServerToClientEvents,
} from '@chat/contracts';
import { newCredentials, until } from '@chat/testing';
import { io, type Socket } from 'socket.io-client';
import { claimsOf, signJwt } from './access-token.ts';
import { api, type ApiResponse } from './api.ts';
import type { Addresses } from './addresses.ts';
import { SHARED_SETTINGS } from './shared-settings.ts';

export type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** A registered user that makes plain REST and Socket.IO calls, without the client library. */
export class TestUser {
  readonly #sockets: ClientSocket[] = [];

  private constructor(
    readonly addresses: Addresses,
    readonly registration: RegisterResponse,
    readonly email: string,
  ) {}

  static async register(addresses: Addresses, name = 'user'): Promise<TestUser> {
    const credentials = newCredentials(name);
    const response = await api<RegisterResponse>(addresses, 'POST', '/auth/register', {
      body: credentials,
    });
    if (response.status !== 201) throw new Error(`registration failed: ${response.text}`);
    return new TestUser(addresses, response.body, credentials.email);
  }

  /**
   * Returns a user without an account, whose token {@link SHARED_SETTINGS} sign. Registering
   * hundreds of users would take long.
   *
   * @param host a registered user, whose session the token names
   */
  static withoutAccount(host: TestUser): TestUser {
    const id = randomBytes(16).toString('base64url');
    const username = `guest-${id.slice(0, 8)}`;
    const claims = { ...claimsOf(host.token), sub: id, username };
    const token = signJwt(claims, SHARED_SETTINGS.JWT_SECRET);
    const user = { ...host.registration.user, id, username };
    return new TestUser(host.addresses, { ...host.registration, token, user }, host.email);
  }

  get id(): string {
    return this.registration.user.id;
  }

  get username(): string {
    return this.registration.user.username;
  }

  get token(): string {
    return this.registration.token;
  }

  call<T = unknown>(method: string, path: string, body?: unknown): Promise<ApiResponse<T>> {
    return api<T>(this.addresses, method, path, { token: this.token, body });
  }

  async createRoom(room: { name: string; visibility: 'public' | 'private' }): Promise<RoomSummary> {
    const response = await this.call<RoomSummary>('POST', '/rooms', room);
    if (response.status !== 201) throw new Error(`creating the room failed: ${response.text}`);
    return response.body;
  }

  /** Returns a connected socket; `close` disconnects it. */
  async connect(options: { transports?: ('polling' | 'websocket')[] } = {}): Promise<ClientSocket> {
    const socket = this.socket(options);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  /** Returns a socket that connects and reconnects automatically; `close` disconnects it. */
  socket(options: { transports?: ('polling' | 'websocket')[] } = {}): ClientSocket {
    const socket: ClientSocket = io(this.addresses.chat, {
      auth: { token: this.token },
      transports: options.transports ?? ['websocket'],
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      forceNew: true,
    });
    this.#sockets.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }

  /** Waits until the room has reached a seq: acknowledged messages may be stored slightly later. */
  async waitForSeq(roomId: string, seq: number): Promise<void> {
    await until(`${roomId} reaches seq ${seq}`, async () => {
      const response = await this.call('GET', `/messages/history/${roomId}?limit=1`);
      return Number(response.headers.get('x-room-seq')) >= seq;
    });
  }

  /** Waits until the room has a message: acknowledged messages may be stored slightly later. */
  async waitForMessage(roomId: string, messageId: string): Promise<void> {
    await until(`${roomId} has the message ${messageId}`, async () =>
      (await this.history(roomId)).some(({ id }) => id === messageId),
    );
  }

  /**
   * Reads the whole history of a room page by page, oldest first.
   *
   * @param seq the seq that the room must reach before it is read
   */
  async history(roomId: string, seq = 0): Promise<Message[]> {
    if (seq > 0) await this.waitForSeq(roomId, seq);
    const messages: Message[] = [];
    for (;;) {
      const after = messages.at(-1)?.seq ?? 0;
      const path = `/messages/history/${roomId}?limit=200&after=${after}`;
      const { body } = await this.call<Message[]>('GET', path);
      if (body.length === 0) return messages;
      messages.push(...body);
    }
  }

  async changes(roomId: string, since: number): Promise<Changes> {
    const path = `/messages/changes/${roomId}?since=${since}`;
    return (await this.call<Changes>('GET', path)).body;
  }
}
