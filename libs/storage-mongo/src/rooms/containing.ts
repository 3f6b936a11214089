const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Condition on a string that contains `part`, every character of which stands for itself. */
export function containing(part: string): { $regex: string } {
  // A pattern ends at a NUL on its way to the server.
  return { $regex: part.replace(SPECIAL, '\\$&').replaceAll('\0', '\\x00') };
}
