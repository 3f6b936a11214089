import { useEffect } from 'react';
import { faviconWith } from './favicon.ts';
import { formatUnread } from './unread.ts';

/** Sets the title and the icon of the document: the name, if any, and the number of unread messages. */
export function useTitle(name: string | undefined, unread: number): void {
  const count = unread > 0 ? formatUnread(unread) : undefined;

  useEffect(() => {
    const page = name === undefined ? 'Chat' : `${name} – Chat`;
    document.title = count === undefined ? page : `(${count}) ${page}`;
    return () => {
      document.title = 'Chat';
    };
  }, [name, count]);

  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!link || count === undefined) return;
    const plain = link.href;
    link.href = faviconWith(count);
    return () => {
      link.href = plain;
    };
  }, [count]);
}
