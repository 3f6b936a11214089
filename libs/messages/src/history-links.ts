import type { HistoryPage } from './history-cache.ts';

/**
 * Returns the `Link` header (RFC 8288) of a page: `prev` links to older messages, `next` to
 * newer ones. Undefined when there are neither.
 */
export function historyLinks(
  roomId: string,
  limit: number,
  { messages, head }: Pick<HistoryPage, 'messages' | 'head'>,
): string | undefined {
  const [first, last] = [messages[0], messages.at(-1)];
  const link = (cursor: string, rel: string): string =>
    `</messages/history/${encodeURIComponent(roomId)}?limit=${limit}&${cursor}>; rel="${rel}"`;
  const links = [
    ...(first && first.seq > 1 ? [link(`before=${first.seq}`, 'prev')] : []),
    ...(last && last.seq < head.seq ? [link(`after=${last.seq}`, 'next')] : []),
  ];
  return links.length > 0 ? links.join(', ') : undefined;
}
