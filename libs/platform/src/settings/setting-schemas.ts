import { z } from 'zod';

/** Creates the schema of a whole number. */
export const wholeNumber = (minimum: number, maximum: number) => {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, { error: message, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
};

/** Creates the schema of a list, separated by commas. */
export const list = (item: (text: string) => boolean, message: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((entries) => entries.every(item), message);

/** Schema of a boolean. */
export const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

/** Schema of the address that a server listens on. */
export const hostName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host name or an address');

/** Returns whether a text is an origin, such as `https://chat.example.com`. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Calls between services do not use TLS. */
function isPlainOrigin(text: string): boolean {
  return isOrigin(text) && new URL(text).protocol === 'http:';
}

/** Creates the schema of the origins of a service, which has the default port `port`. */
export const serviceOrigins = (service: string, port: number) =>
  list(isPlainOrigin, `must be http origins separated by commas, such as http://localhost:${port}`)
    .prefault(`http://localhost:${port}`)
    .describe(
      `Origins of ${service}, separated by commas. A host name with several addresses stands for all of them.`,
    );
