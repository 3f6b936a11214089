import { ClientMessageId, Emoji, MessageId, MessageText, RoomId, UserId } from '@chat/contracts';
import { z } from 'zod';

/** Event pattern of {@link MessageCommand}. */
export const MESSAGE_COMMAND = 'message.command';

/** Version of the envelope. Unknown fields are kept, so that a dead letter is complete. */
const Envelope = z.looseObject({
  v: z.literal(1),
  opId: MessageId.describe('Identifies the command: the same for every retry.'),
  roomId: RoomId,
  actor: z.looseObject({ userId: UserId, username: z.string() }),
  clientMessageId: ClientMessageId,
  acceptedAt: z.iso.datetime(),
});

/**
 * `message.command`: event that `chat` publishes to the writer when it has accepted a command that
 * changes a message. The actor is authenticated and allowed to change the message.
 */
export const MessageCommand = z.discriminatedUnion('kind', [
  Envelope.extend({
    kind: z.literal('message.edit'),
    payload: z.looseObject({ messageId: MessageId, text: MessageText }),
  }),
  Envelope.extend({
    kind: z.literal('message.delete'),
    payload: z.looseObject({ messageId: MessageId }),
  }),
  Envelope.extend({
    kind: z.literal('reaction.set'),
    payload: z.looseObject({ messageId: MessageId, emoji: Emoji, on: z.boolean() }),
  }),
]);
export type MessageCommand = z.infer<typeof MessageCommand>;
export const CommandKind = z.enum(MessageCommand.options.map(({ shape }) => shape.kind.value));
export type CommandKind = MessageCommand['kind'];
export type CommandPayload<Kind extends CommandKind> = Extract<
  MessageCommand,
  { kind: Kind }
>['payload'];

/** The fields that identify a command. */
export type CommandContent = {
  [Kind in CommandKind]: {
    readonly kind: Kind;
    readonly userId: string;
    readonly roomId: string;
    readonly clientMessageId: string;
    readonly payload: CommandPayload<Kind>;
  };
}[CommandKind];
