import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { ConventionalChangelog } from 'conventional-changelog';
import conventionalCommits from 'conventional-changelog-conventionalcommits';

const HELP = `Usage: npm run changelog

Writes CHANGELOG.md from the Conventional Commits of the whole history: a section for each version
tag (v1.2.3), and one for the version in package.json if it has no tag yet.`;

/** Returns whether the current directory is in a Git repository with its complete history. */
function hasFullHistory() {
  try {
    const output = execFileSync('git', ['rev-parse', '--is-shallow-repository'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim() === 'false';
  } catch {
    return false;
  }
}

if (process.argv.includes('--help')) {
  console.log(HELP);
} else if (hasFullHistory()) {
  // Not the date of today: every run on a commit writes the same file.
  const date = execFileSync('git', ['log', '-1', '--format=%cs'], { encoding: 'utf8' }).trim();
  const generator = new ConventionalChangelog()
    // Not `readPackage`, which adds links to the remote: the file is the same in every clone.
    .package(JSON.parse(await readFile('package.json', 'utf8')))
    .config(conventionalCommits())
    .context({ linkCompare: false, date })
    .options({ releaseCount: 0 });
  await writeFile('CHANGELOG.md', [
    '# Changelog\n\n',
    ...(await Array.fromAsync(generator.write())),
  ]);
} else {
  console.error(
    'The changelog needs the complete history: run this in a full clone, or run `git fetch --unshallow` first.',
  );
  process.exitCode = 1;
}
