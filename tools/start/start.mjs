// The first file of `npm start`, in syntax that any Node with `import()` can read: one that is too
// old must get as far as the line that says so.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error('The chat needs Node 22.13 or newer; this is Node ' + process.versions.node + '.');
  process.exitCode = 1;
} else {
  import('./start-chat.mjs');
}
