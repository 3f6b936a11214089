import type { ClientResult } from '@chat/contracts';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ChatSocket } from '../chat-socket.ts';
import { ClientEvent, type ClientEventPayload } from '../events/client-event.ts';
import { JoinRoom } from '../rooms/join-room.ts';
import { SocketSends } from '../sends/socket-sends.ts';
import { ChangeMessage, type RequestedChange } from './change-message.ts';

/** Client events that change a message. */
@WebSocketGateway()
export class MessageChangesGateway {
  constructor(
    private readonly joins: JoinRoom,
    private readonly sends: SocketSends,
    private readonly changes: ChangeMessage,
  ) {}

  @ClientEvent('editMessage')
  editMessage(
    socket: ChatSocket,
    { roomId, messageId, text, clientMessageId }: ClientEventPayload<'editMessage'>,
  ): Promise<ClientResult<'editMessage'>> {
    const payload = { messageId, text: text.toWellFormed() };
    return this.#change(socket, { kind: 'message.edit', roomId, payload, clientMessageId });
  }

  @ClientEvent('deleteMessage')
  deleteMessage(
    socket: ChatSocket,
    { roomId, messageId, clientMessageId }: ClientEventPayload<'deleteMessage'>,
  ): Promise<ClientResult<'deleteMessage'>> {
    const payload = { messageId };
    return this.#change(socket, { kind: 'message.delete', roomId, payload, clientMessageId });
  }

  @ClientEvent('react')
  react(
    socket: ChatSocket,
    { roomId, messageId, emoji, on, clientMessageId }: ClientEventPayload<'react'>,
  ): Promise<ClientResult<'react'>> {
    const payload = { messageId, emoji, on };
    return this.#change(socket, { kind: 'reaction.set', roomId, payload, clientMessageId });
  }

  async #change(socket: ChatSocket, change: RequestedChange): Promise<object> {
    const joined = this.joins.pendingJoin(socket, change.roomId);
    await this.sends.run(socket, change.roomId, (order) =>
      this.changes.change(socket.data.identity, change, order, joined),
    );
    return {};
  }
}
