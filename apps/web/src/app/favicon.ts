const BUBBLE =
  'M8 3h16a6 6 0 0 1 6 6v10a6 6 0 0 1-6 6h-9l-7 5.2c-.7.5-1.6 0-1.6-.8V24.7A6 6 0 0 1 2 19V9a6 6 0 0 1 6-6z';

/** Returns the icon of the page with a count, at most three characters, as a data URL. */
export function faviconWith(count: string): string {
  const size = count.length > 2 ? 13 : 17;
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<path fill="#0d7a68" d="${BUBBLE}"/>` +
    '<rect x="6" y="10" width="26" height="22" rx="8" fill="#b3261e"/>' +
    `<text x="19" y="${21 + size * 0.36}" font-family="sans-serif" font-size="${size}" font-weight="700" ` +
    `text-anchor="middle" fill="#fff">${count}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
