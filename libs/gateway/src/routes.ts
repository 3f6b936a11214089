import type { UpstreamName } from './gateway-settings.ts';

/** Which service answers, by the first segment of a path; everything else is the gateway's own. */
const ROUTES: ReadonlyMap<string, UpstreamName> = new Map([
  ['auth', 'users'],
  ['users', 'users'],
  ['rooms', 'messages'],
  ['messages', 'messages'],
  ['socket.io', 'chat'],
  ['asyncapi.json', 'chat'],
]);

/** @param url a path with its query, as a request has it */
export function routeOf(url: string): UpstreamName | undefined {
  const [, first = ''] = /^\/([^/?#]*)/.exec(url) ?? [];
  return ROUTES.get(first);
}

/** Where the session of a Socket.IO request lives; undefined for one that begins a session. */
export function sessionInstanceOf(url: string): string | undefined {
  if (!/^\/socket\.io\/?(\?|$)/.test(url)) return undefined;
  const sessionId = new URL(url, 'http://gateway').searchParams.get('sid');
  return sessionId === null ? undefined : (sessionId.split('.')[0] ?? '');
}
