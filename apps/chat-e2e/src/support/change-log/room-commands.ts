import type { ClientPayload, Message } from '@chat/contracts';
import { boolean, constantFrom, nat, oneof, record, type Arbitrary } from 'fast-check';

type CommandEvent = 'sendMessage' | 'editMessage' | 'deleteMessage' | 'react';

/** A client event that adds or changes a message. */
export type RoomCommand = {
  [E in CommandEvent]: { readonly event: E; readonly payload: ClientPayload<E> };
}[CommandEvent];

/**
 * What a user does. Numbers choose among what exists at that time: `target` among the messages, the
 * newest first, and `of` among the commands of the user, the latest first.
 */
export type Act =
  | { readonly kind: 'send'; readonly text: string; readonly key: string }
  | { readonly kind: 'edit'; readonly target: number; readonly text: string; readonly key: string }
  | { readonly kind: 'delete'; readonly target: number; readonly key: string }
  | {
      readonly kind: 'react';
      readonly target: number;
      readonly emoji: string;
      readonly on: boolean;
      readonly key: string;
    }
  | { readonly kind: 'retry'; readonly of: number };

const target = nat(4);
const text = constantFrom('one', 'two', 'three');
/** Few, so that different commands have the same `clientMessageId`. */
const key = constantFrom('a', 'b', 'c');
const kind = <Kind extends string>(name: Kind): Arbitrary<Kind> => constantFrom(name);

/** Arbitrary acts, most of them about a message. */
export const ACTS: Arbitrary<Act> = oneof(
  { weight: 3, arbitrary: record({ kind: kind('send'), text, key }) },
  { weight: 3, arbitrary: record({ kind: kind('edit'), target, text, key }) },
  { weight: 1, arbitrary: record({ kind: kind('delete'), target, key }) },
  {
    weight: 4,
    arbitrary: record({
      kind: kind('react'),
      target,
      emoji: constantFrom('👍', '🎉'),
      on: boolean(),
      key,
    }),
  },
  { weight: 2, arbitrary: record({ kind: kind('retry'), of: nat(5) }) },
);

/** An id that no message has. */
const NO_SUCH_MESSAGE = 'A'.repeat(22);

/**
 * Returns the command of an act; undefined for a retry of nothing.
 *
 * @param messages those that the user may choose from, oldest first
 * @param earlier commands of the user, earliest first
 */
export function commandOf(
  act: Act,
  roomId: string,
  messages: readonly Message[],
  earlier: readonly RoomCommand[],
): RoomCommand | undefined {
  if (act.kind === 'retry') return earlier.at(-1 - (act.of % earlier.length));
  const clientMessageId = act.key;
  if (act.kind === 'send') {
    return { event: 'sendMessage', payload: { roomId, text: act.text, clientMessageId } };
  }
  const messageId = messages.at(-1 - (act.target % messages.length))?.id ?? NO_SUCH_MESSAGE;
  const payload = { roomId, messageId, clientMessageId };
  switch (act.kind) {
    case 'edit':
      return { event: 'editMessage', payload: { ...payload, text: act.text } };
    case 'delete':
      return { event: 'deleteMessage', payload };
    case 'react':
      return { event: 'react', payload: { ...payload, emoji: act.emoji, on: act.on } };
  }
}
