import {
  RoomStore,
  type AssignableRole,
  type MemberRecord,
  type Membership,
  type MovedPosition,
  type ReadPosition,
  type RoomChanges,
  type RoomOfUser,
  type RoomRecord,
  type StoredPosition,
} from '@chat/rooms';
import { foldCase } from '@chat/users';
import type { SqliteConnection } from '../sqlite-connection.ts';

export class SqliteRoomStore extends RoomStore {
  constructor(private readonly connection: SqliteConnection) {
    super();
  }

  createRoom(room: RoomRecord, firstMember?: MemberRecord): Promise<boolean> {
    return this.connection.call('createRoom', room, keysOf(room), firstMember);
  }

  updateRoom(roomId: string, changes: RoomChanges): Promise<RoomRecord | undefined> {
    return this.connection.call('updateRoom', roomId, changes, keysOf(changes));
  }

  deleteRoom(roomId: string, deletedAt: string): Promise<boolean> {
    return this.connection.call('deleteRoom', roomId, deletedAt);
  }

  findDeleted(roomIds: readonly string[]): Promise<Set<string>> {
    return this.connection.call('findDeletedRooms', roomIds);
  }

  findRoom(roomId: string): Promise<RoomRecord | undefined> {
    return this.connection.call('findRoom', roomId);
  }

  findPublicRooms(query: string | undefined, limit: number): Promise<RoomRecord[]> {
    const key = query === undefined ? undefined : foldCase(query);
    return this.connection.call('findPublicRooms', key, limit);
  }

  addMember(member: MemberRecord): Promise<boolean> {
    return this.connection.call('addMember', member);
  }

  removeMember(roomId: string, userId: string): Promise<boolean> {
    return this.connection.call('removeMember', roomId, userId);
  }

  changeRole(membership: Membership, from: AssignableRole, to: AssignableRole): Promise<boolean> {
    return this.connection.call('changeRole', membership, from, to);
  }

  handOver(roomId: string, from: string, to: string): Promise<boolean> {
    return this.connection.call('handOver', roomId, from, to);
  }

  appointOwner(roomId: string, userId: string): Promise<boolean> {
    return this.connection.call('appointOwner', roomId, userId);
  }

  findMembers(memberships: readonly Membership[]): Promise<MemberRecord[]> {
    return this.connection.call('findMembers', memberships);
  }

  listMembers(
    roomId: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<MemberRecord[]> {
    return this.connection.call('listMembers', roomId, page);
  }

  listRoomsOf(userId: string): Promise<RoomOfUser[]> {
    return this.connection.call('listRoomsOf', userId);
  }

  listPositionsOf(userIds: readonly string[], limit: number): Promise<StoredPosition[]> {
    return this.connection.call('listPositionsOf', userIds, limit);
  }

  markRead(position: ReadPosition): Promise<MovedPosition | undefined> {
    return this.connection.call('markRead', position);
  }

  markUnread(position: ReadPosition): Promise<MovedPosition | undefined> {
    return this.connection.call('markUnread', position);
  }

  markManyRead(positions: readonly ReadPosition[]): Promise<void> {
    return this.connection.call('markManyRead', positions);
  }
}

function keysOf<Given extends { readonly name?: string; readonly topic?: string }>({
  name,
  topic,
}: Given): { [Key in keyof Given & ('name' | 'topic')]: Given[Key] } {
  return {
    ...(name === undefined ? {} : { name: foldCase(name) }),
    ...(topic === undefined ? {} : { topic: foldCase(topic) }),
  } as { [Key in keyof Given & ('name' | 'topic')]: Given[Key] };
}
