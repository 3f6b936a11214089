import type { IncomingMessage } from 'node:http';
import { clientAddressOf, type TrustProxy } from '@chat/platform/http';

export type { TrustProxy };

/**
 * Sets the `X-Forwarded-*` headers of a request. Values from an address that is not a trusted proxy
 * are replaced, so that services can trust these headers.
 *
 * @returns the address of the client
 */
export function setForwardedHeaders(request: IncomingMessage, trusted: TrustProxy): string {
  const address = clientAddressOf(request, trusted);
  const { headers, socket } = request;
  const isTrusted = trusted(socket.remoteAddress ?? '', 0);
  if (!isTrusted) {
    delete headers['x-forwarded-proto'];
    delete headers['x-forwarded-host'];
  }
  delete headers.forwarded;
  headers['x-forwarded-for'] = address;
  headers['x-forwarded-proto'] ??= 'http';
  if (headers.host !== undefined) headers['x-forwarded-host'] ??= headers.host;
  return address;
}
