const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Returns a condition for strings that contain `part` literally. */
export function containing(part: string): { $regex: string } {
  // A literal NUL would end the pattern when it is sent to the server.
  return { $regex: part.replace(SPECIAL, '\\$&').replaceAll('\0', '\\x00') };
}
