export default async function stopServers() {
  await globalThis.backingServers?.close();
  globalThis.backingServers = undefined;
}
