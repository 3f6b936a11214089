import type { IncomingHttpHeaders } from 'node:http';

/** Fields of one connection, never of the message (RFC 9110, 7.6.1). */
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
  // Answered by the gateway's server before the request gets here.
  'expect',
];

/** Removes what a message must not carry on to the next connection, and what its `Connection` field names. */
export function removeHopByHop(headers: IncomingHttpHeaders): void {
  const named = (headers.connection ?? '').split(',');
  for (const name of [...HOP_BY_HOP, ...named])
    Reflect.deleteProperty(headers, name.trim().toLowerCase());
}
