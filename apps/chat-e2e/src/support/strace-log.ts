/** A system call in a log of `strace -f -y`. */
export interface SystemCall {
  readonly name: string;
  /** Arguments and result, as strace prints them. */
  text: string;
  /** Line of the log on which the call started. */
  readonly start: number;
  /** Line on which the call returned; Infinity if it never did. */
  end: number;
}

const INTERRUPTED = ' <unfinished ...>';

/** Parses the calls of all threads, in the order in which they started. */
export function parseSystemCalls(log: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, SystemCall>();
  for (const [index, line] of log.split('\n').entries()) {
    const [, thread = '', resumed, name, text = ''] =
      /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/s.exec(line) ?? [];
    const call = unfinished.get(thread);
    if (resumed && call) {
      call.text += text;
      call.end = index;
      unfinished.delete(thread);
    } else if (name) {
      const started = { name, text, start: index, end: index };
      calls.push(started);
      if (!text.endsWith(INTERRUPTED)) continue;
      started.end = Infinity;
      unfinished.set(thread, started);
    }
  }
  return calls;
}
