import { defineConfig } from 'rolldown';

/**
 * Settings for the bundle of an app: what TypeScript made of it and the packages that it uses, in a
 * few files. Most of a start is otherwise spent on loading 3,000 modules.
 *
 * @param folder of the app
 * @param entries files that are loaded by their path, beside `main`
 */
export function bundleOf(folder, entries = {}) {
  return defineConfig({
    cwd: folder,
    input: { main: 'dist/main.js', ...entries },
    platform: 'node',
    // It has a part that is no JavaScript. Packages that are not installed are optional ones of others.
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
