import type { Unsubscribe } from '../emitter.ts';
import type { Connection } from './connection.ts';

/** Calls `listener` whenever the connection goes online or offline. */
export function onOnlineChange(
  connection: Connection,
  listener: (online: boolean) => void,
): Unsubscribe {
  let wasOnline = connection.online;
  return connection.subscribe(() => {
    const { online } = connection;
    if (online === wasOnline) return;
    wasOnline = online;
    listener(online);
  });
}
