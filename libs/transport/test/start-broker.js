import { startSharedRabbitMq } from '@chat/testing/shared-rabbitmq';

/** One virtual host for each suite that does not stop the broker. */
const VIRTUAL_HOSTS = [
  'dead-letters',
  'delivery',
  'partition-sharing',
  'queue-depths',
  'supervised-channel',
  'topology',
];

export default () => startSharedRabbitMq(VIRTUAL_HOSTS);
