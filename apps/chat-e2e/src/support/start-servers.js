import { startSharedServers } from '@chat/testing';

/** One virtual host for each suite that counts messages. */
const VIRTUAL_HOSTS = ['observability', 'rejected-messages'];

export default ({ maxWorkers }) =>
  startSharedServers({ workers: maxWorkers, virtualHosts: VIRTUAL_HOSTS });
