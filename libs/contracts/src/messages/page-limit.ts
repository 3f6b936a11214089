import { limitParameter } from '../requests/query-number.ts';

/** Maximum number of messages in a page of history or changes. */
export const MAX_PAGE_SIZE = 200;
/** Default number of messages in a page. */
export const DEFAULT_PAGE_SIZE = 50;

/** The `limit` of a page of history or changes. */
export const PageLimit = limitParameter(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE);
