import {
  httpSettings,
  processSettings,
  readSettings,
  requestSettings,
  roomSettings,
  sendSettings,
  signInSettings,
  socketSettings,
  tokenSettings,
} from '@chat/platform';
import { z } from 'zod';

/** Every setting of the standalone server; by option, environment variable or `.env`. */
export const standaloneSettings = z.object({
  ...httpSettings,
  DATA_DIR: z
    .string()
    .default('data')
    .describe('Folder that everything is kept in; made when it does not exist.'),
  ...processSettings,
  ...tokenSettings,
  ...requestSettings,
  ...readSettings,
  ...signInSettings,
  ...sendSettings,
  ...roomSettings,
  ...socketSettings,
});
export type StandaloneSettings = z.output<typeof standaloneSettings>;
