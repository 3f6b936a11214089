import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../nx.ts';

/** Rows of a table in a document; each row maps column names to cells in Markdown. */
type Table = readonly Readonly<Record<string, string>>[];

/** Returns the rows of all tables in a document whose first column has this name. */
export async function documentedRows(document: string, firstColumn: string): Promise<Table> {
  const text = await readFile(join(ROOT, document), 'utf8');
  return [...text.matchAll(/(?:^\|.*\|\n)+/gm)].flatMap(([table]) => {
    const [columns = [], , ...rows] = table.trimEnd().split('\n').map(cellsOf);
    if (columns[0] !== firstColumn) return [];
    return rows.map((cells) =>
      Object.fromEntries(columns.map((name, n) => [name, cells[n] ?? ''])),
    );
  });
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Returns the inline code in a cell. */
export function codeIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
