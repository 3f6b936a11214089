import { startSharedRabbitMq } from '@chat/testing/shared-rabbitmq';

/** A virtual host for each suite that leaves the broker running. */
const VIRTUAL_HOSTS = [
  'dead-letters',
  'delivery',
  'partition-sharing',
  'queue-depths',
  'supervised-channel',
  'topology',
];

export default () => startSharedRabbitMq(VIRTUAL_HOSTS);
