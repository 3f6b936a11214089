import { missingServers } from '../servers/missing-servers.ts';
import { describeUnlessMissing } from './requires-server.ts';

/**
 * Declares a suite that runs the whole topology; skipped like `describeWithProgram` if one of its
 * servers is missing.
 */
export async function describeWithServices(name: string, suite: () => void): Promise<void> {
  describeUnlessMissing(await missingServers(), name, suite);
}
