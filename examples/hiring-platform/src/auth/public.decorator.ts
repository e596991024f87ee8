import { Reflector } from '@nestjs/core';

/** A route that needs no sign-in. It still has a tenant. */
export const Public = Reflector.createDecorator<true>({ transform: () => true });
