/** What an operator decides about rooms; provided by the app. */
export abstract class RoomSettings {
  /** Whether joining a well-formed unknown public room makes it. */
  abstract readonly autoCreate: boolean;
}
