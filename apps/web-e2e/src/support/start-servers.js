import { startSharedServers, startSharedTopologies } from '@chat/testing';

export default async ({ maxWorkers }) => {
  await startSharedServers({ workers: maxWorkers });
  await startSharedTopologies({ chat: 2 });
};
