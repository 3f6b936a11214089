/** Chat settings that suites share: a known secret, and send limits that no suite reaches. */
export const SHARED_SETTINGS = {
  JWT_SECRET: 'an-e2e-secret-that-is-long-enough-9f8a7b6c5d',
  SEND_RATE: '10000',
  SEND_BURST: '10000',
} as const;
