/** Reason why a process cannot start, written for its operator; printed without a stack. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
