/** Address of a server, which may be served under a path of its origin. */
export interface ServerUrl {
  readonly origin: string;
  /** Path before those of the API, without a slash at the end; empty for none. */
  readonly basePath: string;
}

/**
 * Parses a base URL, for example `https://example.org` or `https://example.org/chat/`.
 *
 * @throws TypeError unless it is an http or https URL without credentials, query and fragment
 */
export function parseServerUrl(url: string): ServerUrl {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError(`The URL of the chat server is not an http or https URL: ${url}`);
  }
  if (parsed.search || parsed.hash || parsed.username || parsed.password) {
    throw new TypeError('The URL of the chat server has credentials, a query or a fragment.');
  }
  return { origin: parsed.origin, basePath: parsed.pathname.replace(/\/+$/, '') };
}
