import { formatFull } from '../ui/time.ts';
import { linkify } from './linkify.ts';
import styles from './MessageText.module.css';

interface MessageTextProps {
  text: string;
  /** Time of the latest edit; absent for an unedited text. */
  editedAt?: string | undefined;
}

/** A message's text, with web addresses as links. */
export function MessageText({ text, editedAt }: MessageTextProps) {
  return (
    <p className={styles.text} dir="auto">
      {linkify(text).map((part, index) =>
        part.kind === 'link' ? (
          <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
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
