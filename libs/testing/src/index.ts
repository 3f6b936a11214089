export * from './eventually.ts';
export { exhaustFileDescriptors } from './file-descriptors.ts';
export * from './fault-proxy.ts';
export * from './mongo-server.ts';
export { stopChildProcesses } from './child-processes.ts';
export * from './private-port.ts';
export * from './services/backing-servers.ts';
export * from './services/service-instance.ts';
export * from './services/services-topology.ts';
export {
  missingSharedServers,
  sharedServers,
  startSharedServers,
  stopSharedServers,
} from './shared/shared-servers.ts';
export {
  sharedTopology,
  startSharedTopologies,
  stopSharedTopologies,
  type SharedInstance,
} from './shared/shared-topology.ts';
export * from './standalone-process.ts';
export { missingProgram, programPath } from './programs.ts';
export { RabbitMqServer } from './rabbitmq-server.ts';
export * from './redis-server.ts';
export * from './server-process.ts';
export { sharedRabbitMq, type SharedRabbitMq } from './shared-rabbitmq.ts';
