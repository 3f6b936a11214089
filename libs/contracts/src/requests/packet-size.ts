/** Maximum size of a Socket.IO packet and of a REST body, in bytes. */
export const MAX_PACKET_BYTES = 64 * 1024;
