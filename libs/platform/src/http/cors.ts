const LOCAL = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

export type CorsOrigin = (
  origin: string | undefined,
  callback: (error: Error | null, allow: boolean) => void,
) => void;

/** Returns a callback that allows the origins of CORS_ORIGINS; works for REST and Socket.IO. */
export function corsOrigin(settings: {
  readonly CORS_ORIGINS?: readonly string[] | undefined;
  readonly NODE_ENV: string;
}): CorsOrigin {
  const { CORS_ORIGINS: origins, NODE_ENV: environment } = settings;
  const allowed = (origin: string): boolean =>
    origins ? origins.includes(origin) : environment !== 'production' && LOCAL.test(origin);
  return (origin, callback) => callback(null, origin !== undefined && allowed(origin));
}
