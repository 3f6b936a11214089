import { formatFull } from '../ui/time.ts';
import { linkify } from './linkify.ts';
import styles from './MessageText.module.css';

interface MessageTextProps {
  text: string;
  /** Time of the latest edit; absent for an unedited text. */
  editedAt?: string | undefined;
}

const NEW_TAB = { target: '_blank', rel: 'noopener noreferrer nofollow' };

/** A message's text, with web and e-mail addresses as links. */
export function MessageText({ text, editedAt }: MessageTextProps) {
  return (
    <p className={styles.text} dir="auto">
      {linkify(text).map((part, index) =>
        part.kind === 'link' ? (
          <a key={index} href={part.href} {...(!part.href.startsWith('mailto:') && NEW_TAB)}>
            {part.text}
          </a>
        ) : (
          part.text
        ),
      )}
      {editedAt && (
        <>
          {' '}
          <time className={styles.edited} dateTime={editedAt} title={formatFull(editedAt)}>
            (edited)
          </time>
        </>
      )}
    </p>
  );
}
