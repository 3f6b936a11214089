export { stopSharedServers as default } from '@chat/testing';
