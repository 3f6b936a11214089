import { randomBytes } from 'node:crypto';

/** Id of this process among the instances of its service, random at each start; contains no dot. */
export const INSTANCE_ID = randomBytes(6).toString('base64url');

/** Header of the response to GET /health/live that contains {@link INSTANCE_ID}. */
export const INSTANCE_HEADER = 'X-Instance-Id';
