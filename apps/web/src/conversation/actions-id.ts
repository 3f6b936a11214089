/** Returns the element id of the button that opens the menu of a message. */
export function actionsId(messageId: string): string {
  return `actions-${messageId}`;
}
