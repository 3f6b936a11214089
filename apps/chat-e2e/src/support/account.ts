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
import { api, type Answer } from './api.ts';
import type { Addresses } from './addresses.ts';

export type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** A registered user with plain REST and Socket.IO calls, without the client library. */
export class Account {
  readonly #sockets: ClientSocket[] = [];

  private constructor(
    readonly at: Addresses,
    readonly registration: RegisterResponse,
    readonly email: string,
  ) {}

  static async register(at: Addresses, name = 'user'): Promise<Account> {
    const credentials = newCredentials(name);
    const answer = await api<RegisterResponse>(at, 'POST', '/auth/register', {
      body: credentials,
    });
    if (answer.status !== 201) throw new Error(`registration failed: ${answer.text}`);
    return new Account(at, answer.body, credentials.email);
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

  call<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return api<T>(this.at, method, path, { token: this.token, body });
  }

  async createRoom(room: { name: string; visibility: 'public' | 'private' }): Promise<RoomSummary> {
    const answer = await this.call<RoomSummary>('POST', '/rooms', room);
    if (answer.status !== 201) throw new Error(`creating the room failed: ${answer.text}`);
    return answer.body;
  }

  /** Returns a connected socket, which `close` disconnects. */
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
    const socket: ClientSocket = io(this.at.chat, {
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
  async stored(roomId: string, seq: number): Promise<void> {
    await until(`${roomId} reaches seq ${seq}`, async () => {
      const answer = await this.call('GET', `/messages/history/${roomId}?limit=1`);
      return Number(answer.headers.get('x-room-seq')) >= seq;
    });
  }

  /**
   * Reads the whole history of a room page by page, oldest first.
   *
   * @param seq waits until the room has reached it
   */
  async history(roomId: string, seq = 0): Promise<Message[]> {
    if (seq > 0) await this.stored(roomId, seq);
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
