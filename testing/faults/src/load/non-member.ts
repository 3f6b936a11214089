import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { NonMemberLog } from '../check/observation.ts';
import type { TestUser } from './test-user.ts';

const ACK_TIMEOUT_MS = 3_000;
const PAUSE_MS = 300;

interface PlainAck {
  readonly ok?: boolean;
  readonly error?: { readonly code?: string };
}

/**
 * A registered user without access to a private room that repeatedly tries every way to read the
 * room. Messages from a public room prove that the connection is up.
 */
export class NonMember {
  readonly #socket: Socket;
  readonly #events: string[] = [];
  readonly #statuses: (number | undefined)[] = [];
  readonly #acks: (string | undefined)[] = [];
  #publicMessagesSeen = 0;
  #positionEvents = 0;
  #stopped = false;

  constructor(
    private readonly user: TestUser,
    private readonly publicRoomId: string,
    private readonly privateRoomId: string,
    /** Returns the id of a message in the private room, once there is one. */
    private readonly privateMessageId: () => string | undefined,
  ) {
    this.#socket = io(user.url, {
      auth: { token: user.token },
      transports: ['websocket'],
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.#socket.on('connect', () => void this.#joinPublicRoom());
    this.#socket.on('disconnect', (reason) => {
      if (reason === 'io server disconnect' && !this.#stopped) this.#socket.connect();
    });
    this.#socket.onAny((event: string, payload: unknown) => {
      if (event === 'readPosition') this.#positionEvents += 1;
      if (JSON.stringify(payload).includes(this.privateRoomId)) this.#events.push(event);
      else if (event === 'receiveMessage') this.#publicMessagesSeen += 1;
    });
  }

  /** Number of received `readPosition` events. */
  get positionEvents(): number {
    return this.#positionEvents;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#acks.push(
        await this.#request('joinRoom', { roomId: this.privateRoomId, since: 0 }),
        await this.#request('sendMessage', {
          roomId: this.privateRoomId,
          text: 'from a non-member',
        }),
        await this.#request('markRead', { roomId: this.privateRoomId, seq: 1 }),
        await this.#request('markUnread', { roomId: this.privateRoomId, seq: 0 }),
      );
      const messageId = this.privateMessageId();
      if (messageId !== undefined) await this.#tryToChange(messageId);
      for (const path of this.#privatePaths(messageId)) {
        const response = await this.user.call('GET', path).catch(() => undefined);
        this.#statuses.push(response?.status);
      }
      await delay(PAUSE_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  log(): NonMemberLog {
    return {
      userId: this.user.id,
      events: [...this.#events],
      statuses: [...this.#statuses],
      acks: [...this.#acks],
      publicMessagesSeen: this.#publicMessagesSeen,
    };
  }

  close(): void {
    this.stop();
    this.#socket.disconnect();
  }

  #privatePaths(messageId: string | undefined): string[] {
    const room = `/rooms/${this.privateRoomId}`;
    const paths = [
      `/messages/history/${this.privateRoomId}`,
      `/messages/changes/${this.privateRoomId}?since=0`,
      room,
      `${room}/members`,
    ];
    if (messageId === undefined) return paths;
    const message = `${room}/messages/${messageId}`;
    return [...paths, message, `${message}/versions`, `${message}/reactions?emoji=%F0%9F%91%8D`];
  }

  async #tryToChange(messageId: string): Promise<void> {
    const target = { roomId: this.privateRoomId, messageId };
    this.#acks.push(
      await this.#request('editMessage', { ...target, text: 'from a non-member' }),
      await this.#request('deleteMessage', target),
      await this.#request('react', { ...target, emoji: '👎', on: true }),
    );
  }

  /** Retries the join until it succeeds or the socket reconnects. */
  async #joinPublicRoom(): Promise<void> {
    const { id } = this.#socket;
    while (this.#socket.id === id && !this.#stopped) {
      if ((await this.#request('joinRoom', this.publicRoomId)) === 'ok') return;
      await delay(PAUSE_MS);
    }
  }

  async #request(event: string, payload: unknown): Promise<string | undefined> {
    if (!this.#socket.connected) return undefined;
    try {
      const ack = (await this.#socket
        .timeout(ACK_TIMEOUT_MS)
        .emitWithAck(event, payload)) as PlainAck;
      return ack.ok ? 'ok' : (ack.error?.code ?? 'no code');
    } catch {
      return undefined;
    }
  }
}
