/** Base URL of each area of the API; all are equal in deployments with a single origin. */
export interface Addresses {
  readonly users: string;
  readonly messages: string;
  readonly chat: string;
}

/** Returns the addresses of a deployment with a single origin. */
export function singleOrigin(url: string): Addresses {
  return { users: url, messages: url, chat: url };
}

/** Returns the base URL for a path. */
export function addressOf(addresses: Addresses, path: string): string {
  if (/^\/(auth|users)(\/|\?|$)/.test(path)) return addresses.users;
  if (/^\/(socket\.io|asyncapi\.json)/.test(path)) return addresses.chat;
  return addresses.messages;
}
