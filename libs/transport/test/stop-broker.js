export { stopSharedRabbitMq as default } from '@chat/testing/shared-rabbitmq';
