/**
 * State of the socket. `offline`: disconnected; `reason` is a sentence that can be shown to users,
 * and `nextAttemptAt` is the time of the next attempt in milliseconds since the epoch, absent after
 * `close()`.
 */
export type ConnectionState =
  | { readonly status: 'signed-out' }
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  | { readonly status: 'offline'; readonly reason: string; readonly nextAttemptAt?: number };
