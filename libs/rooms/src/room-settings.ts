/** Operator settings of rooms; provided by the app. */
export abstract class RoomSettings {
  /** Whether joining an unknown public room with a valid id creates it. */
  abstract readonly autoCreate: boolean;
}
