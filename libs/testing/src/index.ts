export * from './deployments/service-instance.ts';
export * from './deployments/services-topology.ts';
export * from './deployments/standalone-process.ts';
export * from './eventually.ts';
export * from './network/fault-proxy.ts';
export * from './network/reserve-port.ts';
export * from './new-credentials.ts';
export { stopChildProcesses } from './processes/child-processes.ts';
export { exhaustFileDescriptors } from './processes/file-descriptors.ts';
export { missingProgram, programPath } from './processes/programs.ts';
export * from './processes/server-process.ts';
export * from './servers/backing-servers.ts';
export * from './servers/mongo-server.ts';
export { RabbitMqServer } from './servers/rabbitmq-server.ts';
export { RedisServer } from './servers/redis-server.ts';
export { sharedRabbitMq, type SharedRabbitMq } from './shared/shared-rabbitmq.ts';
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
