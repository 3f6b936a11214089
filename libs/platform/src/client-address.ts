import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/** Whether a proxy at that address, so many hops away, is trusted; Express' `trust proxy fn`. */
export type TrustProxy = (address: string, hop: number) => boolean;

/**
 * Returns the address that a request comes from: the nearest one that is not a
 * trusted proxy's, by `X-Forwarded-For`.
 *
 * @returns an empty string when the connection is closed already
 */
export function clientAddressOf(request: IncomingMessage, trusted: TrustProxy): string {
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
 * Returns what limits of an address are counted by: an IPv4 address itself, and
 * of an IPv6 address its /64 network, because one customer has all of it.
 */
export function networkOf(address: string): string {
  const [host = ''] = address.split('%');
  if (!isIPv6(host)) return address;
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (ipv4 !== undefined) return ipv4;
  // Written in the one form that RFC 5952 allows: eight groups, the longest run of zeros left out.
  const canonical = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = head.split(':').filter(Boolean);
  const last = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: 8 - groups.length - last.length }, () => '0');
  return `${[...groups, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
