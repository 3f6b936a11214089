import { z } from 'zod';
import { DisplayName } from './user.ts';

export const UpdateMeRequest = z
  .object({ displayName: DisplayName })
  .meta({ id: 'UpdateMeRequest' });
export type UpdateMeRequest = z.infer<typeof UpdateMeRequest>;
