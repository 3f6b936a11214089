import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type {
  Ack,
  Changes,
  ClientEvent,
  ClientPayload,
  ClientToServerEvents,
  JoinRoomResult,
  MarkReadResult,
  Message,
  MessageDelta,
  OwnUser,
  SendMessagePayload,
  SendMessageResult,
  ServerToClientEvents,
  SocketError,
} from '@chat/contracts';
import { reservePort } from '@chat/testing';
import { Server, type Socket } from 'socket.io';
import { applyDelta } from '../src/timeline/apply-delta.ts';

/** Outcome of one send or command: success (`ok`), or the failure to simulate. */
export type SendOutcome =
  | 'ok'
  /** Stored; no acknowledgement is sent. */
  | 'lose-ack'
  /** Stored; the connection breaks before the acknowledgement. */
  | 'break-after'
  /** Not stored; the connection breaks. */
  | 'break-before'
  /** Neither stored nor acknowledged. */
  | 'ignore'
  | SocketError;

type Command = {
  [E in 'editMessage' | 'deleteMessage' | 'react']: { event: E; payload: ClientPayload<E> };
}['editMessage' | 'deleteMessage' | 'react'];

interface SocketData {
  userId: string;
}
type ClientSocket = Socket<ClientToServerEvents, ServerToClientEvents, object, SocketData>;

/** Maximum number of changes in a `joinRoom` acknowledgement; small enough for tests to reach. */
const MAX_JOIN_CHANGES = 5;

/**
 * Fake server that implements the wire contract in memory, over real HTTP and sockets, with
 * failures on demand. Records all requests for assertions.
 */
export class ScriptedServer {
  readonly sends: SendMessagePayload[] = [];
  readonly commands: Command[] = [];
  readonly joins: { roomId: string; since?: number }[] = [];
  readonly renewals: string[] = [];
  readonly markReads: ClientPayload<'markRead'>[] = [];
  readonly requests: string[] = [];
  /** First transport of each connection. */
  readonly transports: string[] = [];
  /** Returns the outcome of a send; `count` starts at 1. */
  sendOutcome: (count: number, payload: SendMessagePayload) => SendOutcome = () => 'ok';
  /** Returns the outcome of an edit, deletion or reaction; `count` starts at 1. */
  commandOutcome: (count: number, payload: Command['payload']) => SendOutcome = () => 'ok';
  /** Returns the outcome of a `markRead`; `count` starts at 1. */
  markReadOutcome: (count: number) => SendOutcome = () => 'ok';
  /** Overrides the response to a REST call: status, body and headers. */
  intercept: (
    call: string,
  ) => { status: number; body?: object; headers?: Record<string, string> } | undefined = () =>
    undefined;
  accessTokenLifeSeconds = 3_600;
  editWindowSeconds = 86_400;
  /** Whether a stored message or change is emitted to the room. */
  live = true;

  readonly #users = new Map<string, OwnUser>();
  readonly #access = new Map<string, string>();
  readonly #refresh = new Map<string, string>();
  readonly #rooms = new Map<string, Message[]>();
  readonly #revs = new Map<string, number>();
  /** Read position by user and room. */
  readonly #positions = new Map<string, number>();
  /** Commands that were applied, by their content. */
  readonly #applied = new Set<string>();
  readonly #port: number;
  #http: HttpServer;
  #io: Server<ClientToServerEvents, ServerToClientEvents, object, SocketData>;
  #tokens = 0;

  private constructor(port: number, http: HttpServer, io: ScriptedServer['io']) {
    this.#port = port;
    this.#http = http;
    this.#io = io;
  }

  static async start(): Promise<ScriptedServer> {
    const port = await reservePort();
    const { http, io } = await listen(port);
    const server = new ScriptedServer(port, http, io);
    server.#serve();
    return server;
  }

  get io(): Server<ClientToServerEvents, ServerToClientEvents, object, SocketData> {
    return this.#io;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Stops listening and closes every connection; retains the stored messages. */
  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await this.#io.close();
  }

  /** Listens again on the same port. */
  async resume(): Promise<void> {
    const { http, io } = await listen(this.#port);
    this.#http = http;
    this.#io = io;
    this.#serve();
  }

  messages(roomId: string): Message[] {
    const messages = this.#rooms.get(roomId) ?? [];
    this.#rooms.set(roomId, messages);
    return messages;
  }

  /** Stores messages from another user, and emits them if `live`. */
  store(roomId: string, texts: string[], { live = this.live } = {}): Message[] {
    return texts.map((text) => this.#append(roomId, 'another-user', text, undefined, live));
  }

  /** Resets the room to an earlier `rev`, as restoring a backup does. */
  rewind(roomId: string, rev: number): void {
    this.messages(roomId).length = rev;
    this.#revs.set(roomId, rev);
  }

  /** Changes a message by a user, and emits the change if `live`. */
  change(
    roomId: string,
    messageId: string,
    change: MessageDelta,
    { live = this.live } = {},
  ): Message {
    const messages = this.messages(roomId);
    const index = messages.findIndex(({ id }) => id === messageId);
    const before = messages[index];
    if (!before) throw new Error(`The room has no message ${messageId}.`);
    const rev = this.#nextRev(roomId);
    const message = { ...applyDelta(before, change, undefined), rev };
    messages[index] = message;
    if (live) this.#io.to(roomId).emit('messageChanged', { roomId, rev, messageId, change });
    return message;
  }

  /** Takes a rev for a command without effect. */
  skipRev(roomId: string): number {
    return this.#nextRev(roomId);
  }

  emit<E extends keyof ServerToClientEvents>(
    event: E,
    ...payload: Parameters<ServerToClientEvents[E]>
  ): void {
    this.#io.emit(event, ...payload);
  }

  /** Closes the connection of every socket, as a network failure does. */
  cut(): void {
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close();
  }

  /** Invalidates all access tokens. */
  expireAccessTokens(): void {
    this.#access.clear();
  }

  /** Invalidates all access and refresh tokens. */
  revokeSessions(): void {
    this.#access.clear();
    this.#refresh.clear();
  }

  get sockets(): number {
    return this.#io.sockets.sockets.size;
  }

  #rev(roomId: string): number {
    return this.#revs.get(roomId) ?? 0;
  }

  #nextRev(roomId: string): number {
    const rev = this.#rev(roomId) + 1;
    this.#revs.set(roomId, rev);
    return rev;
  }

  #append(
    roomId: string,
    userId: string,
    text: string,
    clientMessageId: string | undefined,
    live: boolean,
  ): Message {
    const messages = this.messages(roomId);
    const position = messages.length + 1;
    const sender = [...this.#users.values()].find(({ id }) => id === userId);
    const message: Message = {
      id: `m-${position}`.padEnd(22, '-'),
      roomId,
      seq: position,
      rev: this.#nextRev(roomId),
      userId,
      username: sender?.username ?? userId,
      text,
      timestamp: new Date().toISOString(),
      ...(clientMessageId !== undefined && { clientMessageId }),
    };
    messages.push(message);
    if (live) this.#io.to(roomId).emit('receiveMessage', message);
    return message;
  }

  #serve(): void {
    this.#http.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!request.url?.startsWith('/socket.io')) void this.#handleRequest(request, response);
    });
    this.#io.use((socket, next) => {
      const userId = this.#access.get(String(socket.handshake.auth['token']));
      if (userId === undefined) {
        next(
          Object.assign(new Error('Unauthorized'), {
            data: { code: 'UNAUTHORIZED', message: 'The token is not valid.' },
          }),
        );
        return;
      }
      socket.data.userId = userId;
      next();
    });
    this.#io.on('connection', (socket) => this.#serveSocket(socket));
  }

  #serveSocket(socket: ClientSocket): void {
    this.transports.push(socket.conn.transport.name);
    const handlers: ClientToServerEvents = {
      joinRoom: (payload, ack) => {
        const request = typeof payload === 'string' ? { roomId: payload } : payload;
        this.joins.push(request);
        if (request.roomId.startsWith('~')) {
          ack?.({ ok: false, error: { code: 'NOT_FOUND', message: 'Room not found.' } });
          return;
        }
        void socket.join(request.roomId);
        ack?.({ ok: true, ...this.#joinResult(request, socket.data.userId) });
      },
      leaveRoom: (payload, ack) => {
        void socket.leave(typeof payload === 'string' ? payload : payload.roomId);
        ack?.({ ok: true });
      },
      renewSession: ({ token }, ack) => {
        this.renewals.push(token);
        ack?.({ ok: true, expiresIn: this.accessTokenLifeSeconds });
      },
      markRead: (payload, ack) => {
        this.markReads.push(payload);
        const { userId } = socket.data;
        const before = this.#position(userId, payload.roomId);
        simulate(socket, this.markReadOutcome(this.markReads.length), ack, () =>
          this.#moveTo(userId, payload.roomId, Math.max(before, payload.seq)),
        );
      },
      markUnread: ({ roomId, seq }, ack) => {
        ack?.({ ok: true, ...this.#moveTo(socket.data.userId, roomId, seq) });
      },
      sendMessage: (payload, ack) => this.#handleSend(socket, payload, ack),
      editMessage: (payload, ack) => this.#handleCommand(socket, 'editMessage', payload, ack),
      deleteMessage: (payload, ack) => this.#handleCommand(socket, 'deleteMessage', payload, ack),
      react: (payload, ack) => this.#handleCommand(socket, 'react', payload, ack),
    };
    socket.onAny((event: ClientEvent, ...args: unknown[]) => {
      (handlers[event] as (...args: unknown[]) => void)(...args);
    });
  }

  #joinResult(
    { roomId, since }: { roomId: string; since?: number },
    userId: string,
  ): JoinRoomResult {
    const rev = this.#rev(roomId);
    const head = {
      roomId,
      seq: this.messages(roomId).length,
      rev,
      role: 'member' as const,
    };
    if (since === undefined) return head;
    const changes = this.#changedAfter(roomId, since, userId);
    return changes.length <= MAX_JOIN_CHANGES
      ? { ...head, changes, complete: since <= rev }
      : { ...head, complete: false };
  }

  /** Returns the messages that changed after a rev as a user reads them, in the order of `rev`. */
  #changedAfter(roomId: string, since: number, userId: string): Message[] {
    return this.messages(roomId)
      .filter(({ rev }) => rev > since)
      .sort((a, b) => a.rev - b.rev)
      .map((message) => asReadBy(message, userId));
  }

  #handleSend(
    socket: ClientSocket,
    payload: SendMessagePayload,
    ack?: (response: Ack<SendMessageResult>) => void,
  ): void {
    this.sends.push(payload);
    const { userId } = socket.data;
    const { roomId, text, clientMessageId = 'none' } = payload;
    simulate(socket, this.sendOutcome(this.sends.length, payload), ack, () => {
      const known = this.messages(roomId).find(
        (message) =>
          message.userId === userId &&
          message.clientMessageId === clientMessageId &&
          message.text === text,
      );
      const { id } = known ?? this.#append(roomId, userId, text, clientMessageId, this.live);
      return { id, clientMessageId };
    });
  }

  #handleCommand<E extends Command['event']>(
    socket: ClientSocket,
    event: E,
    payload: ClientPayload<E>,
    ack?: (response: Ack<object>) => void,
  ): void {
    const command = { event, payload } as Command;
    this.commands.push(command);
    const { userId } = socket.data;
    simulate(socket, this.commandOutcome(this.commands.length, payload), ack, () => {
      const key = JSON.stringify([userId, command]);
      if (!this.#applied.has(key)) {
        this.change(payload.roomId, payload.messageId, deltaOf(command, userId));
      }
      this.#applied.add(key);
      return {};
    });
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const call = `${request.method} ${url.pathname}`;
    this.requests.push(call + url.search);
    const body = JSON.parse((await text(request)) || '{}') as Record<string, string>;
    const override = this.intercept(call);
    if (override) return reply(response, override.status, override.body ?? {}, override.headers);

    if (call === 'POST /auth/register' || call === 'POST /auth/login') {
      const user = this.#user(String(body['email']));
      return reply(response, 200, { ...this.#issue(user.id), user, message: 'Welcome.' });
    }
    if (call === 'POST /auth/refresh') {
      const userId = this.#refresh.get(String(body['refreshToken']));
      if (userId === undefined) return replyWithError(response, 401, 'UNAUTHORIZED');
      this.#refresh.delete(String(body['refreshToken']));
      return reply(response, 200, this.#issue(userId));
    }
    const reader = this.#access.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (reader === undefined) return replyWithError(response, 401, 'UNAUTHORIZED');
    if (call === 'POST /auth/logout') return reply(response, 204);
    if (call === 'GET /rooms') return reply(response, 200, this.#summaries(reader));
    const [, kind, roomId = ''] = /^GET \/messages\/(history|changes)\/(.+)$/.exec(call) ?? [];
    const messages = this.messages(roomId);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    if (kind === 'history') {
      const before = Number(url.searchParams.get('before') ?? messages.length + 1);
      const page = messages.slice(Math.max(0, before - 1 - limit), before - 1);
      return reply(
        response,
        200,
        page.map((message) => asReadBy(message, reader)),
        {
          'x-room-seq': String(messages.length),
          'x-room-rev': String(this.#rev(roomId)),
          'x-edit-window': String(this.editWindowSeconds),
        },
      );
    }
    if (kind === 'changes') {
      const since = Number(url.searchParams.get('since'));
      const head = this.#rev(roomId);
      const all = this.#changedAfter(roomId, since, reader);
      const changes = all.slice(0, limit);
      const isAll = changes.length === all.length;
      const rev = isAll ? head : (changes.at(-1)?.rev ?? head);
      const page: Changes = { rev, complete: isAll && since <= rev, changes };
      return reply(response, 200, page);
    }
    replyWithError(response, 404, 'NOT_FOUND');
  }

  /** Moves the read position of a user as another device of the user does. */
  moveReadPosition(userId: string, roomId: string, lastReadSeq: number): void {
    const position = this.#moveTo(userId, roomId, lastReadSeq);
    this.#io.emit('readPosition', { roomId, ...position });
  }

  #position(userId: string, roomId: string): number {
    return this.#positions.get(`${userId} ${roomId}`) ?? 0;
  }

  #moveTo(userId: string, roomId: string, seq: number): MarkReadResult {
    const head = this.messages(roomId).length;
    const lastReadSeq = Math.min(seq, head);
    this.#positions.set(`${userId} ${roomId}`, lastReadSeq);
    return { lastReadSeq, unread: head - lastReadSeq };
  }

  #summaries(userId: string): object[] {
    return [...this.#rooms].map(([id, messages]) => ({
      id,
      name: id,
      visibility: 'public',
      createdAt: '2026-01-01T00:00:00.000Z',
      role: 'member',
      seq: messages.length,
      rev: this.#rev(id),
      lastReadSeq: this.#position(userId, id),
      unread: messages.length - this.#position(userId, id),
      ...(messages.length > 0 && { lastMessage: messages.at(-1) }),
    }));
  }

  #user(email: string): OwnUser {
    const username = email.split('@')[0] ?? email;
    const user = this.#users.get(email) ?? {
      id: `user-${username}`,
      email,
      username,
      displayName: username,
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    this.#users.set(email, user);
    return user;
  }

  #issue(userId: string): { token: string; refreshToken: string; expiresIn: number } {
    this.#tokens += 1;
    const token = `access-${this.#tokens}`;
    const refreshToken = `refresh-${this.#tokens}`;
    this.#access.set(token, userId);
    this.#refresh.set(refreshToken, userId);
    return { token, refreshToken, expiresIn: this.accessTokenLifeSeconds };
  }
}

/** Simulates an outcome: stores, unless the outcome prevents it, and acknowledges the result. */
function simulate<Result extends object>(
  socket: ClientSocket,
  outcome: SendOutcome,
  ack: ((response: Ack<Result>) => void) | undefined,
  store: () => Result,
): void {
  if (typeof outcome === 'object') return ack?.({ ok: false, error: outcome });
  if (outcome === 'ignore') return;
  if (outcome === 'break-before') return void socket.conn.close();
  const result = store();
  if (outcome === 'break-after') return void socket.conn.close();
  if (outcome === 'ok') ack?.({ ok: true, ...result });
}

function deltaOf({ event, payload }: Command, userId: string): MessageDelta {
  const now = new Date().toISOString();
  switch (event) {
    case 'editMessage':
      return { kind: 'edited', text: payload.text, editedAt: now };
    case 'deleteMessage':
      return { kind: 'deleted', deletedAt: now };
    case 'react':
      return { kind: 'reacted', emoji: payload.emoji, userId, on: payload.on };
  }
}

/** Adds `mine` to the reactions. */
function asReadBy(message: Message, userId: string): Message {
  if (!message.reactions) return message;
  const reactions = message.reactions.map((reaction) => ({
    ...reaction,
    mine: reaction.userIds.includes(userId),
  }));
  return { ...message, reactions };
}

async function listen(port: number): Promise<{
  http: HttpServer;
  io: Server<ClientToServerEvents, ServerToClientEvents, object, SocketData>;
}> {
  const http = createServer();
  const io = new Server<ClientToServerEvents, ServerToClientEvents, object, SocketData>(http);
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return { http, io };
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

function reply(
  response: ServerResponse,
  status: number,
  body?: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body && JSON.stringify(body));
}

function replyWithError(response: ServerResponse, status: number, code: string): void {
  reply(response, status, { statusCode: status, error: code, code, message: 'Rejected.' });
}
