import { type CanActivate, type ExecutionContext, Inject, Injectable, Optional } from '@nestjs/common';
import { type Corridor, storage } from '../context/storage.js';
import { TenantContextMissingError } from '../errors/context-errors.js';
import { TenantRequiredError, TenantSourceFailedError } from '../errors/refusals.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { identifyAfter, isIdentifiedAfterGuards } from './late-entrance.js';
import { corridorOf } from './request-entrance.js';
import { requestOf } from './request-of.js';
import { isUntenanted } from './untenanted.decorator.js';

/**
 * Lets nothing pass without a tenant, in any transport, except what is `@Untenanted()`. The module runs it before every
 * other guard.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  private readonly late: boolean;

  constructor(@Optional() @Inject(TenantResolver) private readonly resolver?: TenantResolver) {
    this.late = resolver !== undefined && (resolver.asksAfter('middleware') || resolver.asksAfter('guards'));
  }

  /** @throws the refusal of the request; `tenant_context_missing` when its context was lost on the way. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
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
    if (this.late && this.resolver) {
      if (request === undefined && context.getType<string>() === 'graphql') throw noRequest();
      const waiting = entered && request && identifyAfter('middleware', this.resolver, request, entered);
      if (waiting) return waiting.then(() => this.letIn(context, corridor));
    }
    return this.letIn(context, corridor);
  }

  private letIn(context: ExecutionContext, corridor: Corridor | undefined): boolean {
    if (corridor?.tenant) return true;
    const refusal = corridor?.refusal ?? new TenantRequiredError('this entrance was reached without a tenant.');
    if (this.late && this.resolver && isIdentifiedAfterGuards(context, this.resolver, refusal)) return true;
    throw refusal;
  }
}

const lostOnTheWay = () =>
  new TenantContextMissingError(
    'the context of this request was lost between its entrance and the guard. Either a middleware went on from a ' +
      'callback that belongs to no request or another one: apply `TenantResolverMiddleware` right after it. Or the ' +
      'application replaced the request hook of its HTTP adapter: set it before `app.init()`, and it is kept.',
  );

const noRequest = () =>
  new TenantSourceFailedError(
    'a source that is asked after middleware or guards needs the request, and the GraphQL context has none. ' +
      'Return it from the `context` function: `{ req }`.',
  );
