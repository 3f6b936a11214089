import type { Message } from '@chat/contracts';

/** All times are milliseconds since the epoch, by the clock of the machine that all runs on. */

/** What became of one attempt to send. */
export type Outcome =
  | { readonly kind: 'ok'; readonly id: string; readonly at: number }
  | {
      readonly kind: 'error';
      /** As it came: a server at fault may send any, or none. */
      readonly code: string | undefined;
      readonly retryAfterMs: number | undefined;
      readonly at: number;
    }
  | { readonly kind: 'no-answer'; readonly at: number };

export interface Attempt {
  readonly startedAt: number;
  /** Of the connection that it went out on; unlike that of any other in the run. */
  readonly connection: string;
  /** Position among all that went out on this connection. */
  readonly number: number;
  readonly outcome: Outcome;
}

/** A message that somebody wanted sent. */
export interface Send {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly userId: string;
  readonly text: string;
  /** Empty where a client library decides on attempts by itself. */
  readonly attempts: readonly Attempt[];
}

/** What was shown on one connection in one room, in the order of arrival. */
export type Shown =
  | { readonly kind: 'joined'; readonly rev: number; readonly at: number }
  | { readonly kind: 'message'; readonly message: Message; readonly at: number };

export interface ConnectionLog {
  /** Such as `writer-2/3`: the third connection of that client. */
  readonly name: string;
  readonly openedAt: number;
  /** Undefined while it is open. */
  readonly closedAt: number | undefined;
  /** By room. */
  readonly shown: Readonly<Record<string, readonly Shown[]>>;
}

/** What a client holds of a room at the end. */
export interface View {
  readonly client: string;
  readonly roomId: string;
  /** In the order in which it would show them. A window may begin anywhere and reaches to the end. */
  readonly messages: readonly Message[];
  /** The last change that it says it has. */
  readonly rev: number;
  /** Whether it holds only the newest messages. */
  readonly window: boolean;
  /** The revs that it announced as new, in that order. */
  readonly announced: readonly number[];
  /** Whether it threw away what it had, to load the room again. */
  readonly beganAnew: boolean;
}

export interface RoomHistory {
  readonly roomId: string;
  /** `GET /messages/history`, page by page, oldest first. */
  readonly messages: readonly Message[];
  /** `GET /messages/changes`, page by page. */
  readonly changes: readonly Message[];
}

/** What somebody saw who may not read the private room. */
export interface OutsiderLog {
  readonly userId: string;
  /** Names of events that mentioned the private room. */
  readonly events: readonly string[];
  /** Answers to requests for its history: HTTP statuses, or undefined for none. */
  readonly statuses: readonly (number | undefined)[];
  /** Answers to attempts to join or to write: codes, `ok`, or undefined for none. */
  readonly answers: readonly (string | undefined)[];
  /** Messages of a public room that it was shown: it was there and could have seen more. */
  readonly seenElsewhere: number;
}

export interface ProcessLog {
  readonly name: string;
  readonly peakRssBytes: number;
  /** When it was found gone although nobody had ended it. */
  readonly endedByItself: number | undefined;
}

/** One run as its clients saw it. */
export interface Observation {
  /** From the first instruction of the fault to the last of its end. */
  readonly fault: { readonly beganAt: number; readonly endedAt: number };
  /** Whether `chat` and the way to it were there throughout, so that every send has an answer. */
  readonly answering: boolean;
  /** The longest that a message may be on its way; undefined where a fault may hold it up. */
  readonly lateLimitMs: number | undefined;
  /** When every client held what the store holds; undefined if not within the limit. */
  readonly convergedAt: number | undefined;
  /** Who was not done when the time for that was up; empty when everybody was. */
  readonly unsettled: readonly string[];
  readonly sends: readonly Send[];
  readonly connections: readonly ConnectionLog[];
  readonly views: readonly View[];
  readonly rooms: readonly RoomHistory[];
  readonly outsider: OutsiderLog;
  readonly deadLetterIds: readonly string[];
  readonly processes: readonly ProcessLog[];
  readonly rssLimitBytes: number;
  /** What shows that the component was in use when the fault came; empty: it hit nothing. */
  readonly evidence: readonly string[];
}
