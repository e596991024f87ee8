import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { storage, storeFor } from '../context/storage.js';
import { isThenable } from '../context/thenable.js';
import { TenantRequiredError } from '../errors/refusals.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { explainRefusal } from './explain-refusal.js';
import { identifyAfter } from './late-entrance.js';
import { reenterRequest, storeOf } from './request-entrance.js';
import { graphqlRequest, requestOf } from './request-of.js';
import { TenantGuard } from './tenant.guard.js';

/** A resolver as GraphQL calls it, or the method behind it. */
export type Resolver = (...args: unknown[]) => unknown;

/** An untenanted resolver, outside the context of its request, which others of the request are in. */
export const calledOutside =
  (handler: Resolver): Resolver =>
  (...args) =>
    storage.run(storeFor(null), handler, ...args);

/** A resolver that Nest runs no guard for: in the context of its request, as the tenant that all sources agree on. */
export function calledGuarded(handler: Resolver, method: Resolver, owner: object, resolver: TenantResolver): Resolver {
  const first = new TenantGuard(resolver);
  const last = new AfterGuards(resolver);
  const guarded: Resolver = (...args) => {
    const request = graphqlRequest(args);
    const entered = request && storeOf(request);
    const call = () => {
      const execution = executionOf(args, method, owner);
      return then(first.canActivate(execution), () => then(last.canActivate(execution), () => handler(...args)));
    };
    return entered ? reenterRequest(entered, call) : call();
  };
  return guarded;
}

/** The last of the guards of a field that Nest runs guards for, and no interceptor: asks what they have found out. */
export class AfterGuards implements CanActivate {
  constructor(private readonly resolver: TenantResolver) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = requestOf(context);
    const entered = request && storeOf(request);
    if (!entered || !this.resolver.asksAfter('guards')) return true;
    const confirm = () => {
      if (entered.tenant) return true;
      throw entered.refusal ?? new TenantRequiredError();
    };
    const explained = (refusal: unknown): never => {
      explainRefusal(refusal, context, this.resolver);
      throw refusal;
    };
    try {
      const waiting = identifyAfter('guards', this.resolver, request, entered);
      return waiting ? waiting.then(confirm).catch(explained) : confirm();
    } catch (refusal) {
      return explained(refusal);
    }
  }
}

/** At once where that can be, so that a field which need not wait costs no promise. */
const then = (ready: unknown, next: () => unknown): unknown => (isThenable(ready) ? ready.then(next) : next());

const executionOf = (args: unknown[], method: Resolver, owner: object) =>
  ({
    getType: () => 'graphql',
    getClass: () => owner,
    getHandler: () => method,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
  }) as unknown as ExecutionContext;
