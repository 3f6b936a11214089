import { stopSharedServers, stopSharedTopologies } from '@chat/testing';

export default async () => {
  await stopSharedTopologies();
  await stopSharedServers();
};
