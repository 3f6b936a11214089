// First file of `npm start`, in syntax that every Node with `import()` can parse: an outdated Node
// must reach the error message below.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error('The chat needs Node 22.13 or newer; this is Node ' + process.versions.node + '.');
  process.exitCode = 1;
} else {
  import('./start-chat.mjs');
}
