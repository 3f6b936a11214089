import type { Transport, TransportStorage } from './transport-order.ts';

/** Stores the transport that worked last in `localStorage` under `key`. */
export function browserTransportStorage(key = 'chat.transport'): TransportStorage {
  return {
    load() {
      const stored = localStorage.getItem(key);
      return stored === 'websocket' || stored === 'polling' ? stored : undefined;
    },
    save: (transport: Transport) => localStorage.setItem(key, transport),
  };
}
