import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { storage } from '../context/storage.js';
import { TenantContextMissingError } from '../errors/context-errors.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { corridorOf } from './request-entrance.js';
import { isUntenanted } from './untenanted.decorator.js';

/** Lets nothing pass without a tenant, in any transport, except what is `@Untenanted()`. */
@Injectable()
export class TenantGuard implements CanActivate {
  /** @throws the refusal of the request; `tenant_context_missing` when its context was lost on the way. */
  canActivate(context: ExecutionContext): boolean {
    const corridor = storage.getStore();
    const request = requestOf(context);
    const entered = request && corridorOf(request);
    const isHttp = context.getType() === 'http';
    // C6: a middleware that went on from someone else's callback would run this request as someone else's tenant.
    if (entered === undefined ? isHttp : entered !== corridor) throw lostOnTheWay();
    if (isUntenanted(context)) {
      // Not for GraphQL, where one request has other resolvers, which need its tenant.
      if (isHttp && entered) {
        entered.tenant = null;
        entered.refusal = null;
      }
      return true;
    }
    if (corridor?.refusal) throw corridor.refusal;
    if (!corridor?.tenant) throw new TenantRequiredError('this entrance was reached without a tenant.');
    return true;
  }
}

/** The HTTP request behind the call, where there is one. */
function requestOf(context: ExecutionContext): object | undefined {
  switch (context.getType<'http' | 'graphql' | 'ws' | 'rpc'>()) {
    case 'http':
      return context.getArgByIndex(0);
    case 'graphql':
      return context.getArgByIndex<{ readonly req?: object } | undefined>(2)?.req;
    default:
      return undefined;
  }
}

const lostOnTheWay = () =>
  new TenantContextMissingError(
    'the context of this request was lost between its entrance and the guard. Either a middleware went on from a ' +
      'callback that belongs to no request or another one: apply `TenantResolverMiddleware` right after it. Or the ' +
      'application replaced the request hook of its HTTP adapter: set it before `app.init()`, and it is kept.',
  );
