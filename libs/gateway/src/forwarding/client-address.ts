import type { IncomingMessage } from 'node:http';
import { clientAddressOf, type TrustProxy } from '@chat/platform';

export type { TrustProxy };

/**
 * Says in the request's headers whom it comes from, so that the service behind
 * believes us and nobody before us whom we do not trust.
 */
export function nameClient(request: IncomingMessage, trusted: TrustProxy): string {
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
