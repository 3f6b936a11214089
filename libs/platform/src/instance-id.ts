import { randomBytes } from 'node:crypto';

/** Names this process among all of its kind, for as long as it lives. Holds no dot. */
export const INSTANCE_ID = randomBytes(6).toString('base64url');

/** Header of GET /health/live that tells {@link INSTANCE_ID}. */
export const INSTANCE_HEADER = 'X-Instance-Id';
