import type { Message, MessageChanged, ReceivedMessage } from '@chat/contracts';

/**
 * All times are milliseconds since the epoch; all processes run on one machine and share its clock.
 */

/** Result of one attempt of a request. */
export type Outcome =
  | {
      readonly kind: 'ok';
      /** Id of the sent message; undefined for a change. */
      readonly id?: string | undefined;
      readonly time: number;
    }
  | {
      readonly kind: 'error';
      /** The code as received: a faulty server may send an unknown one, or none. */
      readonly code: string | undefined;
      readonly retryAfterMs: number | undefined;
      readonly time: number;
    }
  | { readonly kind: 'no-ack'; readonly time: number };

/** Result of an attempt that did not succeed. */
export type FailedOutcome = Exclude<Outcome, { readonly kind: 'ok' }>;

export interface Attempt {
  readonly startedAt: number;
  /** Name of the connection that carried it, unique in the run. */
  readonly connection: string;
  /** Orders the attempts of a client: each has a higher number than all earlier ones. */
  readonly number: number;
  readonly outcome: Outcome;
}

/** A message that a client sent, with all attempts to send it. */
export interface Send {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly userId: string;
  readonly text: string;
  /** Empty for sends by the client library, which does not report its attempts. */
  readonly attempts: readonly Attempt[];
}

/** What a client wants to change in a message. */
export type RequestedChange =
  | { readonly kind: 'edit'; readonly text: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'react'; readonly emoji: string; readonly on: boolean };

/** A change of a message that a client requested, with all attempts. */
export interface ChangeRequest {
  /** Unique in the run; the `clientMessageId`, except for requests by the client library. */
  readonly name: string;
  readonly roomId: string;
  readonly userId: string;
  readonly messageId: string;
  readonly change: RequestedChange;
  /** For the client library, which does not report its attempts: one from the call to its result. */
  readonly attempts: readonly Attempt[];
}

/** An event of a joined room; it covers one or more revs. */
export type LiveEvent =
  | { readonly kind: 'message'; readonly message: ReceivedMessage; readonly time: number }
  | { readonly kind: 'changed'; readonly changed: MessageChanged; readonly time: number }
  /** An item of `roomHeads` with `since`: no message changed after it up to `rev`. */
  | {
      readonly kind: 'head';
      readonly rev: number;
      readonly since: number;
      readonly time: number;
    };

/** What a client received of one room on one connection, in the order of arrival. */
export type ReceivedEvent =
  | LiveEvent
  /** The acknowledgement of `joinRoom`, with the changes in it. */
  | {
      readonly kind: 'joined';
      readonly rev: number;
      readonly changes: readonly Message[];
      readonly time: number;
    }
  /** A page of `GET /messages/changes`. */
  | {
      readonly kind: 'page';
      readonly changes: readonly Message[];
      readonly requestedAt: number;
      readonly time: number;
    };

export function isLiveEvent(event: ReceivedEvent): event is LiveEvent {
  return event.kind !== 'joined' && event.kind !== 'page';
}

export interface ConnectionLog {
  /** Client and number: `writer-2/3` is the third connection of `writer-2`. */
  readonly name: string;
  readonly openedAt: number;
  /** Undefined while it is open. */
  readonly closedAt: number | undefined;
  /** Events by room id. */
  readonly received: Readonly<Record<string, readonly ReceivedEvent[]>>;
}

/** A message that a client reported as new or changed. */
export interface Emission {
  readonly id: string;
  readonly rev: number;
  readonly isNew: boolean;
}

/** State of a room in a client at the end of the run; at the start the room was empty. */
export interface View {
  readonly client: string;
  readonly userId: string;
  readonly roomId: string;
  /** In display order. A window may begin at any message and reaches to the newest one. */
  readonly messages: readonly Message[];
  /** The last rev that the client reports as applied. */
  readonly rev: number;
  /** Whether the client holds only the newest messages. */
  readonly window: boolean;
  /** In the order in which the client reported them. */
  readonly emitted: readonly Emission[];
  /** Whether the client discarded its messages and reloaded the room. */
  readonly wasReset: boolean;
}

export interface RoomHistory {
  readonly roomId: string;
  /** Rev of the latest change, with or without effect. */
  readonly rev: number;
  /** `GET /messages/history`, page by page, oldest first. */
  readonly messages: readonly Message[];
  /** `GET /messages/changes`, page by page. */
  readonly changes: readonly Message[];
  /** The changes after `since` in an acknowledgement of `joinRoom`. */
  readonly joined: { readonly since: number; readonly changes: readonly Message[] };
}

/** Records of a user who has no access to the private room. */
export interface NonMemberLog {
  readonly userId: string;
  /** Names of events that mentioned the private room. */
  readonly events: readonly string[];
  /** HTTP statuses of requests for the private room; undefined for no response. */
  readonly statuses: readonly (number | undefined)[];
  /** Results of all events for the room: error codes or `ok`; undefined if not acknowledged. */
  readonly acks: readonly (string | undefined)[];
  /** Number of messages received from a public room; above 0 if the connection worked. */
  readonly publicMessagesSeen: number;
}

/** A read position as the server reports it. */
export interface Position {
  readonly lastReadSeq: number;
  readonly unread: number;
}

/** Result of one attempt to move a read position. */
export type PositionOutcome =
  | {
      readonly kind: 'ok';
      /** Undefined for the client library, which does not report it. */
      readonly position: Position | undefined;
      readonly time: number;
    }
  | FailedOutcome;

export interface PositionAttempt extends Pick<Attempt, 'startedAt' | 'connection'> {
  readonly outcome: PositionOutcome;
}

/** `markRead` or `markUnread` of a client, with all attempts. */
export interface PositionRequest {
  /** Unique in the run. */
  readonly name: string;
  readonly kind: 'markRead' | 'markUnread';
  readonly roomId: string;
  readonly userId: string;
  readonly seq: number;
  readonly startedAt: number;
  /**
   * For `markRead` by the client library, which does not report its attempts: one from the call to
   * the acknowledgement, or none.
   */
  readonly attempts: readonly PositionAttempt[];
}

/** A `readPosition` event. */
export interface PositionEvent {
  readonly connection: string;
  /** User of the connection. */
  readonly userId: string;
  /** As received: a faulty server may send any value. */
  readonly payload: unknown;
  readonly time: number;
}

/** A room in a list of `GET /rooms`. Undefined values are missing in the response. */
export interface ListedRoom {
  readonly userId: string;
  readonly roomId: string;
  readonly seq: number | undefined;
  readonly lastReadSeq: number | undefined;
  readonly unread: number | undefined;
}

/** Read position of a room in a client; undefined values are unknown to it. */
export interface DevicePosition {
  readonly device: string;
  readonly userId: string;
  readonly roomId: string;
  readonly lastReadSeq: number | undefined;
  readonly unread: number | undefined;
}

/** Records of the read positions of all users. */
export interface ReadPositionLog {
  readonly requests: readonly PositionRequest[];
  /** Events until the load had ended. */
  readonly events: readonly PositionEvent[];
  /** `readPosition` events of the non-member, whose position never moves. */
  readonly nonMemberEvents: number;
  /** The rooms of every user after the load. */
  readonly stored: readonly ListedRoom[];
  /** The rooms of every user after each position was moved once more, without load. */
  readonly settled: readonly ListedRoom[];
  /** Every device at the same time; one that was closed is absent. */
  readonly devices: readonly DevicePosition[];
}

export interface ProcessLog {
  readonly name: string;
  readonly peakRssBytes: number;
  /** When the process was found to have exited although the run did not stop it. */
  readonly unexpectedExitAt: number | undefined;
}

/** Records of one run, as seen by its clients. */
export interface Observation {
  /** From the start of the fault to the end of its removal. */
  readonly fault: { readonly startedAt: number; readonly endedAt: number };
  /** Whether `chat` and the path to it stayed available: then every send must be acknowledged. */
  readonly chatAvailable: boolean;
  /** Maximum delivery time of a message; undefined where the fault may delay it. */
  readonly maxDeliveryMs: number | undefined;
  /** When every client had converged with the store; undefined if not within the limit. */
  readonly convergedAt: number | undefined;
  /** Clients and requests that were not settled at the limit; empty when all were. */
  readonly unsettled: readonly string[];
  readonly sends: readonly Send[];
  readonly changes: readonly ChangeRequest[];
  readonly connections: readonly ConnectionLog[];
  readonly views: readonly View[];
  readonly rooms: readonly RoomHistory[];
  readonly nonMember: NonMemberLog;
  readonly readPositions: ReadPositionLog;
  /** Since when the load has run smoothly until its end; undefined if it has not. */
  readonly smoothFrom: number | undefined;
  readonly deadLetterIds: readonly string[];
  readonly processes: readonly ProcessLog[];
  readonly rssLimitBytes: number;
  /** Evidence that the fault affected a component in use; empty if it had no effect. */
  readonly evidence: readonly string[];
}
