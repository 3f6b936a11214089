import styles from './Avatar.module.css';

const TINTS = [styles.tint1, styles.tint2, styles.tint3, styles.tint4, styles.tint5, styles.tint6];

/** A user's initial on a colour derived from the name, which is always shown beside it. */
export function Avatar({ name, size = 'medium' }: { name: string; size?: 'small' | 'medium' }) {
  return (
    <span className={`${styles.avatar} ${styles[size]} ${tintOf(name)}`} aria-hidden="true">
      {initialOf(name)}
    </span>
  );
}

function initialOf(name: string): string {
  return String.fromCodePoint(name.codePointAt(0) ?? 0x20).toLocaleUpperCase();
}

function tintOf(name: string): string | undefined {
  let hash = 0x811c9dc5; // FNV-1a
  for (const character of name.toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return TINTS[(hash >>> 8) % TINTS.length];
}
