import { defineConfig } from 'rolldown';

/**
 * Returns the settings for the bundle of an app: its compiled code and its packages in a few files.
 * Without a bundle, loading 3,000 modules takes most of the start time.
 *
 * @param folder folder of the app
 * @param entries files beside `main` that are loaded by path
 */
export function bundleOf(folder, entries = {}) {
  return defineConfig({
    cwd: folder,
    input: { main: 'dist/main.js', ...entries },
    platform: 'node',
    // Contains native code. Unresolved packages are optional dependencies that are not installed.
    external: ['@node-rs/argon2'],
    logLevel: 'silent',
    output: {
      dir: 'bundle',
      cleanDir: true,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  });
}
