import type { UpstreamName } from './gateway-settings.ts';

/** Services by the first segment of a path; the gateway itself handles every other path. */
const ROUTES: ReadonlyMap<string, UpstreamName> = new Map([
  ['auth', 'users'],
  ['users', 'users'],
  ['rooms', 'messages'],
  ['messages', 'messages'],
  ['socket.io', 'chat'],
  ['asyncapi.json', 'chat'],
]);

/**
 * Returns the service that handles a request; undefined when the gateway itself handles it.
 *
 * @param url path and query of the request
 */
export function routeOf(url: string): UpstreamName | undefined {
  const [, first = ''] = /^\/([^/?#]*)/.exec(url) ?? [];
  return ROUTES.get(first);
}

/** Returns the id of the instance that owns a Socket.IO session; undefined for a new session. */
export function sessionInstanceOf(url: string): string | undefined {
  if (!/^\/socket\.io\/?(\?|$)/.test(url)) return undefined;
  const sessionId = new URL(url, 'http://gateway').searchParams.get('sid');
  return sessionId === null ? undefined : (sessionId.split('.')[0] ?? '');
}
