import type { LoginRequest, OwnUser, RegisterRequest } from '@chat/contracts';
import type { Unsubscribe } from './emitter.ts';
import type { Observable } from './observable.ts';

/** Who is signed in. `reason`: `expired` means that the server refused to renew the session. */
export type SessionState =
  | { readonly status: 'signed-in'; readonly user: OwnUser }
  | { readonly status: 'signed-out'; readonly reason?: 'logout' | 'expired' };

/** Signs in and out and keeps the access token fresh. */
export interface Session extends Observable<SessionState> {
  /** The signed-in user, if any. */
  readonly user: OwnUser | undefined;
  /** Creates an account and signs in. @throws ChatError CONFLICT, VALIDATION, RATE_LIMITED, NETWORK */
  register(request: RegisterRequest): Promise<OwnUser>;
  /** @throws ChatError UNAUTHORIZED, RATE_LIMITED, NETWORK */
  login(request: LoginRequest): Promise<OwnUser>;
  /** Signs out here at once; the server is told as far as it can be reached. Never rejects. */
  logout(): Promise<void>;
  /** A valid access token, refreshed when it is about to expire. @throws ChatError UNAUTHORIZED when signed out */
  accessToken(): Promise<string>;
  readonly subscribe: (listener: () => void) => Unsubscribe;
}
