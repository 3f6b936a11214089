const LOCAL = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

export type CorsOrigin = (
  origin: string | undefined,
  callback: (error: Error | null, allow: boolean) => void,
) => void;

/** Decides by CORS_ORIGINS which pages may call; of one form for REST and Socket.IO. */
export function corsOrigin(settings: {
  readonly CORS_ORIGINS?: readonly string[] | undefined;
  readonly NODE_ENV: string;
}): CorsOrigin {
  const { CORS_ORIGINS: listed, NODE_ENV: environment } = settings;
  const allowed = (origin: string): boolean =>
    listed ? listed.includes(origin) : environment !== 'production' && LOCAL.test(origin);
  return (origin, callback) => callback(null, origin !== undefined && allowed(origin));
}
