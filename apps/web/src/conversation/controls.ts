import type { RoomConversation } from '@chat/client';
import { createContext, use } from 'react';
import type { Actor } from './message-actions.ts';
import type { ShownMessage } from './shown-message.ts';

/** What the messages of a list have in common. */
export interface MessageControls {
  readonly conversation: RoomConversation;
  readonly actor: Actor;
  /** Sets the user's reaction with an emoji, or removes it. */
  readonly react: (message: ShownMessage, emoji: string) => void;
  /** Starts editing a message. */
  readonly edit: (messageId: string) => void;
  /** Ends editing, and returns the focus to the composer. */
  readonly endEdit: () => void;
  /** Makes the actions of a message the ones that the Tab key reaches. */
  readonly select: (messageId: string) => void;
  /**
   * Moves the focus from the actions of a message to those of the message `step` positions later in
   * the list (earlier if negative).
   */
  readonly moveFocus: (messageId: string, step: number) => void;
  /** Moves the focus to the list, when the control that had it is gone. */
  readonly focusList: () => void;
}

export const MessageControlsContext = createContext<MessageControls | undefined>(undefined);

/** Returns the controls of the list that contains the component. */
export function useMessageControls(): MessageControls {
  const controls = use(MessageControlsContext);
  if (!controls) throw new Error('The component is not in a list of messages.');
  return controls;
}
