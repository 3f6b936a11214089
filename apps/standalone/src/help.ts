import { describeSettings } from '@chat/platform';
import { standaloneSettings } from './standalone-settings.ts';

/** What `--help` prints: every option with what it means and its default. */
export function helpText(): string {
  const options = describeSettings(standaloneSettings).map(
    ({ name, option, description, defaultValue }) =>
      `  ${option} (${name})\n      ${description}` +
      (defaultValue === undefined ? '' : ` Default: ${defaultValue}.`),
  );
  return [
    'The whole chat in one process: web page, REST API, sockets and storage.',
    '',
    'Usage: npm start -- [options]',
    '',
    'Options, each also an environment variable or a line in .env:',
    ...options,
  ].join('\n');
}
