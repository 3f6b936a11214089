import { missingServers } from '../missing-servers.ts';
import { describeUnless } from './requires-server.ts';

/**
 * Declares a suite that runs the whole topology; without its servers it is skipped as by
 * `describeWith`.
 */
export async function describeWithServices(name: string, suite: () => void): Promise<void> {
  describeUnless(await missingServers(), name, suite);
}
