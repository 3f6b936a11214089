import type { PageCursor } from '@chat/messages';

/** A range of seqs, both ends included; empty if `to` is less than `from`. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** Returns the seqs of a page. Seqs have no gaps, so the range follows from the head. */
export function seqsOfPage(cursor: PageCursor, limit: number, headSeq: number): SeqRange {
  switch (cursor.kind) {
    case 'newest':
      return rangeEndingAt(headSeq, limit);
    case 'before':
      return rangeEndingAt(Math.min(cursor.seq - 1, headSeq), limit);
    case 'after':
      return { from: cursor.seq + 1, to: Math.min(cursor.seq + limit, headSeq) };
    case 'around': {
      const first = Math.max(1, cursor.seq - Math.floor(limit / 2));
      return rangeEndingAt(Math.min(first + limit - 1, headSeq), limit);
    }
  }
}

function rangeEndingAt(to: number, limit: number): SeqRange {
  return { from: Math.max(1, to - limit + 1), to };
}
