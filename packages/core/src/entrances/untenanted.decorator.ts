import { type ExecutionContext, SetMetadata } from '@nestjs/common';

const UNTENANTED = '@tenancy/core:untenanted';

/**
 * Lets a handler, or every handler of a controller, run without a tenant: a health check, a sign-up. There is no
 * tenant there even when the request names one: `TenantContext.current()` throws.
 */
export const Untenanted = (): ClassDecorator & MethodDecorator => SetMetadata(UNTENANTED, true);

/**
 * Takes back `@Untenanted()` of a controller: for one of its handlers, or for a controller that inherits from it. What is said of a
 * handler itself goes before what is said of its controller.
 *
 * @example
 * ```ts
 * import { Controller, Get } from '@nestjs/common';
 * import { Tenanted, Untenanted } from '@tenancy/core';
 *
 * @Untenanted()
 * @Controller('status')
 * class StatusController {
 *   @Get()
 *   health() {
 *     return 'ok';
 *   }
 *
 *   @Tenanted()
 *   @Get('usage')
 *   usage() {
 *     return 'of the tenant';
 *   }
 * }
 * ```
 */
export const Tenanted = (): ClassDecorator & MethodDecorator => SetMetadata(UNTENANTED, false);

/** True when the handler that `context` is about to call, or its controller, is `@Untenanted()`. */
export function isUntenanted(context: ExecutionContext): boolean {
  return isUntenantedHandler(context.getHandler(), context.getClass());
}

/** The same for a handler and its class. */
export function isUntenantedHandler(handler: object, controller: object): boolean {
  const known = answers.get(handler);
  if (known?.controller === controller) return known.untenanted;
  const said: unknown = Reflect.getMetadata(UNTENANTED, handler) ?? Reflect.getMetadata(UNTENANTED, controller);
  const untenanted = said === true;
  answers.set(handler, { controller, untenanted });
  return untenanted;
}

// Decorators do not change once the application runs. An inherited handler can belong to several controllers.
const answers = new WeakMap<object, { readonly controller: unknown; readonly untenanted: boolean }>();
