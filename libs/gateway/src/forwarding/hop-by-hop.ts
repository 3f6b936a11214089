import type { IncomingHttpHeaders } from 'node:http';

/** Headers that apply to one connection and are not forwarded (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // The gateway's HTTP server has already handled it.
  'expect',
];

/** Removes hop-by-hop headers, and those that the `Connection` header names. */
export function removeHopByHop(headers: IncomingHttpHeaders): void {
  const listed = (headers.connection ?? '').split(',');
  for (const name of [...HOP_BY_HOP, ...listed])
    Reflect.deleteProperty(headers, name.trim().toLowerCase());
}
