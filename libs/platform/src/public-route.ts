import { SetMetadata } from '@nestjs/common';

/** Metadata key that the access token guard reads. */
export const PUBLIC_ROUTE = 'chat:public-route';

/** Exempts a route, or a whole controller, from signing in. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC_ROUTE, true);
