const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Returns a condition for strings that contain `text` literally. */
export function containing(text: string): { $regex: string } {
  // A literal NUL would end the pattern when it is sent to the server.
  return { $regex: text.replace(SPECIAL, '\\$&').replaceAll('\0', '\\x00') };
}
