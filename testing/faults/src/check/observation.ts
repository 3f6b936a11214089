import type { Message } from '@chat/contracts';

/**
 * All times are milliseconds since the epoch; all processes run on one machine and share its clock.
 */

/** Result of one attempt to send. */
export type Outcome =
  | { readonly kind: 'ok'; readonly id: string; readonly time: number }
  | {
      readonly kind: 'error';
      /** The code as received: a faulty server may send an unknown one, or none. */
      readonly code: string | undefined;
      readonly retryAfterMs: number | undefined;
      readonly time: number;
    }
  | { readonly kind: 'no-ack'; readonly time: number };

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

/** An event of one room on one connection, in the order of arrival. */
export type ReceivedEvent =
  | { readonly kind: 'joined'; readonly rev: number; readonly time: number }
  | { readonly kind: 'message'; readonly message: Message; readonly time: number };

export interface ConnectionLog {
  /** Client and number: `writer-2/3` is the third connection of `writer-2`. */
  readonly name: string;
  readonly openedAt: number;
  /** Undefined while it is open. */
  readonly closedAt: number | undefined;
  /** Events by room id. */
  readonly received: Readonly<Record<string, readonly ReceivedEvent[]>>;
}

/** State of a room in a client at the end of the run. */
export interface View {
  readonly client: string;
  readonly roomId: string;
  /** In display order. A window may begin at any message and reaches to the newest one. */
  readonly messages: readonly Message[];
  /** The last rev that the client reports as applied. */
  readonly rev: number;
  /** Whether the client holds only the newest messages. */
  readonly window: boolean;
  /** Revs that the client emitted as new, in that order. */
  readonly emitted: readonly number[];
  /** Whether the client discarded its messages and reloaded the room. */
  readonly wasReset: boolean;
}

export interface RoomHistory {
  readonly roomId: string;
  /** `GET /messages/history`, page by page, oldest first. */
  readonly messages: readonly Message[];
  /** `GET /messages/changes`, page by page. */
  readonly changes: readonly Message[];
}

/** Records of a user who has no access to the private room. */
export interface NonMemberLog {
  readonly userId: string;
  /** Names of events that mentioned the private room. */
  readonly events: readonly string[];
  /** HTTP statuses of requests for the private room; undefined for no response. */
  readonly statuses: readonly (number | undefined)[];
  /** Results of attempts to join or to send: error codes or `ok`; undefined if not acknowledged. */
  readonly acks: readonly (string | undefined)[];
  /** Number of messages received from a public room; above 0 if the connection worked. */
  readonly publicMessagesSeen: number;
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
  /** Clients and sends that were not settled at the limit; empty when all were. */
  readonly unsettled: readonly string[];
  readonly sends: readonly Send[];
  readonly connections: readonly ConnectionLog[];
  readonly views: readonly View[];
  readonly rooms: readonly RoomHistory[];
  readonly nonMember: NonMemberLog;
  readonly deadLetterIds: readonly string[];
  readonly processes: readonly ProcessLog[];
  readonly rssLimitBytes: number;
  /** Evidence that the fault affected a component in use; empty if it had no effect. */
  readonly evidence: readonly string[];
}
