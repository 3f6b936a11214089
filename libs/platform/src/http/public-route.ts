import { SetMetadata } from '@nestjs/common';

/** Metadata key that the access token guard reads. */
export const PUBLIC_ROUTE = 'chat:public-route';

/** Metadata key of routes that are exempt from rate limits. */
export const UNLIMITED_ROUTE = 'chat:unlimited-route';

/** Exempts a public route, or a whole controller, from the request limit per address. */
export const Unlimited = (): ClassDecorator & MethodDecorator => SetMetadata(UNLIMITED_ROUTE, true);

/** Exempts a route, or a whole controller, from authentication. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC_ROUTE, true);
