import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { navigate } from './location.ts';

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  href: string;
  onFollow?: () => void;
}

/** A link within the page; a new tab or window opens as with any other. */
export function Link({ href, onFollow, ...rest }: LinkProps) {
  function follow(event: MouseEvent) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    navigate(href);
    onFollow?.();
  }
  return <a href={href} onClick={follow} {...rest} />;
}
