import { startSharedTopologies } from '@chat/testing';
import { SHARED_SETTINGS } from './shared-settings.ts';
import startServers from './start-servers.js';

export default async (config) => {
  await startServers(config);
  await startSharedTopologies({ env: { all: SHARED_SETTINGS } });
};
