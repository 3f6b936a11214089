import type { SocketError } from '../errors/socket-error.ts';

/** Acknowledgement of an event: the fields of the result, or the error. */
export type Ack<Result> = ({ ok: true } & Result) | { ok: false; error: SocketError };
