import type { IncomingMessage } from 'node:http';

/** Whether a proxy at that address, so many hops away, is believed; Express' `trust proxy fn`. */
export type TrustProxy = (address: string, hop: number) => boolean;

/** The nearest address that is not a trusted proxy's: whoever stands in front of us says the next one. */
function clientAddressOf(request: IncomingMessage, trusted: TrustProxy): string {
  const told = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter(Boolean);
  let address = request.socket.remoteAddress ?? '';
  for (let hop = 0; trusted(address, hop); hop += 1) {
    const next = told.pop();
    if (next === undefined) break;
    address = next;
  }
  return address;
}

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
