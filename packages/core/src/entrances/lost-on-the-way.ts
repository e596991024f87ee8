import { TenantContextMissingError } from '../errors/context-errors.js';

/** For a request that is found in the context of none, or of another one. */
export const lostOnTheWay = () =>
  new TenantContextMissingError(
    'the context of this request was lost on the way. Either something went on from a callback that belongs to no request or ' +
      'another one: apply `TenantResolverMiddleware`, or `resumeRequest(request, next)`, right after a middleware that does, and ' +
      '`TenantContextInterceptor` after an interceptor. Or the application replaced the request hook of its HTTP adapter: set it ' +
      'before `app.init()`, and it is kept.',
  );
