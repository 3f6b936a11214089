/**
 * Suites about invariants, crashes and migrations, by file or folder. A failure there is never
 * considered flaky: a message that is lost once in a hundred runs is lost.
 */
export const STRICT_SUITES = [
  'apps/chat-e2e/src/all-deployments/change-log-state.spec.ts',
  'apps/chat-e2e/src/multi-instance/outages.spec.ts',
  'apps/chat-e2e/src/multi-instance/partitions.spec.ts',
  'apps/chat-e2e/src/multi-instance/rolling-restart.spec.ts',
  'apps/chat-e2e/src/standalone/durability.spec.ts',
  'apps/chat-e2e/src/standalone/kill-under-load.spec.ts',
  'libs/client/src/outbox/indexed-db-outbox.spec.ts',
  'libs/client/src/outbox/outbox.spec.ts',
  'libs/messages/src/writer/',
  'libs/storage-mongo/',
  'libs/storage-sqlite/',
  'libs/transport/src/rabbitmq/dead-letters/dead-letters.spec.ts',
  'libs/transport/src/rabbitmq/partition-sharing.spec.ts',
  'libs/transport/src/rabbitmq/rabbitmq-delivery.spec.ts',
  'testing/faults/',
];

/**
 * Returns whether failures in a file are never considered flaky.
 *
 * @param {string} path from the root of the workspace
 */
export function isStrict(path) {
  return STRICT_SUITES.some((suite) =>
    suite.endsWith('/') ? path.startsWith(suite) : path === suite,
  );
}
