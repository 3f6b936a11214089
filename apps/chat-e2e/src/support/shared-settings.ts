/** Settings of the chat that suites share: a known secret, and no limit of sends in the way. */
export const SHARED_SETTINGS = {
  JWT_SECRET: 'an-e2e-secret-of-good-length-9f8a7b6c5d',
  SEND_RATE: '10000',
  SEND_BURST: '10000',
} as const;
