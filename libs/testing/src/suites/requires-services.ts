import { missingServers } from '../missing-servers.ts';
import { describeUnless } from './requires-server.ts';

/** A suite that runs the whole topology; as `describeWith` for where one of its servers cannot be had. */
export async function describeWithServices(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingServers(), name, suite);
}
