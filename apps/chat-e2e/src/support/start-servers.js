export { startSharedServers as default } from '@chat/testing';
