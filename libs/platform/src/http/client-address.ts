import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/** Decides whether a proxy `hop` hops away is trusted; `trust proxy fn` of Express. */
export type TrustProxy = (address: string, hop: number) => boolean;

/**
 * Returns the client address of a request: the nearest address in `X-Forwarded-For` that does not
 * belong to a trusted proxy.
 *
 * @returns an empty string when the connection is already closed
 */
export function clientAddressOf(request: IncomingMessage, trusted: TrustProxy): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter(Boolean);
  let address = request.socket.remoteAddress ?? '';
  for (let hop = 0; trusted(address, hop); hop += 1) {
    const next = forwarded.pop();
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/**
 * Returns the key by which limits count an address: an IPv4 address itself, or the /64 network of
 * an IPv6 address, because one customer is assigned all of it.
 */
export function networkOf(address: string): string {
  const [host = ''] = address.split('%');
  if (!isIPv6(host)) return address;
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (ipv4 !== undefined) return ipv4;
  // Canonical form of RFC 5952: eight groups, with the longest run of zeros omitted.
  const canonical = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = head.split(':').filter(Boolean);
  const last = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: 8 - groups.length - last.length }, () => '0');
  return `${[...groups, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
