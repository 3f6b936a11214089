import { serviceOrigins, wholeNumber } from '@chat/platform/settings';

/** Addresses of other services, for the processes that call them. */
export const serviceUrls = {
  users: { USERS_URLS: serviceOrigins('the users service', 3001) },
  messages: { MESSAGES_URLS: serviceOrigins('the messages service', 3002) },
} as const;

/** Settings of calls between services. */
export const serviceCallSettings = {
  SERVICE_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe('Timeout of a call to another service, in milliseconds.'),
} as const;
