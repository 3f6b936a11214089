import { addressOf, type Addresses } from './addresses.ts';
import { expectDocumented } from './openapi-document.ts';

export interface ApiResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined if the body is empty. */
  readonly body: T;
}

export interface ApiRequest {
  readonly token?: string;
  /** Request body, sent as JSON. */
  readonly body?: unknown;
  /** Request body as text, instead of `body`. */
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a REST request; throws if the response does not match the server's OpenAPI document. */
export async function api<T = unknown>(
  addresses: Addresses,
  method: string,
  path: string,
  { token, body, rawBody, headers = {} }: ApiRequest = {},
): Promise<ApiResponse<T>> {
  const url = addressOf(addresses, path);
  const sent = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  await expectDocumented(url, method, path, response.status, parsed);
  return { status: response.status, headers: response.headers, text, body: parsed as T };
}
