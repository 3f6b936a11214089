import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, type Message } from '@chat/contracts';
import { ChatError } from '../chat-error.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { stateUpdate, type MessageUpdate } from '../timeline/message-update.ts';
import type { Timeline } from '../timeline/timeline.ts';

/**
 * Adds the page before the first message to a timeline. A page that is older than the timeline, from
 * a cache or because changes arrive meanwhile, is brought up to date first.
 * Returns the messages of the page.
 *
 * @throws ChatError like `rest.history`
 */
export async function addOlderPage(
  roomId: string,
  rest: Pick<RestClient, 'history' | 'changes'>,
  timeline: Timeline,
): Promise<readonly Message[]> {
  const retained = timeline.retainUpdates();
  try {
    const { messages, rev } = await rest.history(roomId, {
      before: timeline.firstSeq,
      limit: DEFAULT_PAGE_SIZE,
    });
    const missed: MessageUpdate[] = [];
    let since = rev;
    let complete = rev >= retained.since;
    // To the head: an incomplete page leaves out messages that changed again after it.
    while (!complete) {
      const page = await rest.changes(roomId, since, MAX_PAGE_SIZE);
      missed.push(...page.changes.map(stateUpdate));
      if (page.complete ? page.rev < retained.since : page.rev <= since) {
        throw new ChatError('UNAVAILABLE', 'Older messages are not available yet.');
      }
      ({ rev: since, complete } = page);
    }
    timeline.prepend(messages, [...missed, ...retained.updates]);
    return messages;
  } finally {
    retained.stop();
  }
}
