import type { SharedRabbitMq } from '@chat/testing';

/** Suspends the broker's process for a quorum queue: the queue confirms and delivers nothing. */
export function suspendQueue(broker: SharedRabbitMq, queue: string): Promise<void> {
  return control(broker, queue, 'suspend');
}

/** Resumes a suspended queue, which then processes what it received in the meantime. */
export function resumeQueue(broker: SharedRabbitMq, queue: string): Promise<void> {
  return control(broker, queue, 'resume');
}

async function control(
  broker: SharedRabbitMq,
  queue: string,
  action: 'suspend' | 'resume',
): Promise<void> {
  const resource = `rabbit_misc:r(<<"${broker.virtualHost}">>, queue, <<"${queue}">>)`;
  const leader = `element(1, amqqueue:get_pid(element(2, rabbit_amqqueue:lookup(${resource}))))`;
  await broker.control('eval', `sys:${action}(${leader}).`);
}
