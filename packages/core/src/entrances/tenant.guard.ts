import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { isOfRequest, isWorkOf, storage, type TenantStore } from '../context/storage.js';
import { TenantRequiredError, TenantSourceFailedError } from '../errors/refusals.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { explainRefusal } from './explain-refusal.js';
import { identifyAfter, isIdentifiedAfterGuards } from './late-entrance.js';
import { lostOnTheWay } from './lost-on-the-way.js';
import { refusedMessage } from './refused-message.js';
import { storeOf } from './request-entrance.js';
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
    try {
      const answer = this.decide(context);
      return answer instanceof Promise ? answer.catch((refusal) => this.explained(refusal, context)) : answer;
    } catch (refusal) {
      return this.explained(refusal, context);
    }
  }

  private explained(refusal: unknown, context: ExecutionContext): never {
    explainRefusal(refusal, context, this.resolver);
    throw refusal;
  }

  private decide(context: ExecutionContext): boolean | Promise<boolean> {
    const type = context.getType<string>();
    if (type !== 'http' && type !== 'graphql') return this.guardMessage(type, context);
    const store = storage.getStore();
    const untenanted = isUntenanted(context);
    // An untenanted resolver is called outside its request's context, which other resolvers of the request are in.
    if (untenanted && type === 'graphql') return true;
    const request = requestOf(context);
    const entered = request && storeOf(request);
    // C6: a middleware that went on from someone else's callback would run this request as someone else's tenant.
    if (entered === undefined ? type === 'http' : !isWorkOf(entered, store)) throw lostOnTheWay();
    if (type === 'graphql' && !entered && !store) explainSocket(context);
    if (untenanted) {
      if (entered) leave(entered);
      if (store && store !== entered) leave(store);
      return true;
    }
    // Whose tenant a middleware has entered by itself is still nobody's request.
    if (entered && store?.refused) throw store.refused;
    if (this.late && this.resolver) {
      const asked = entered !== undefined || type === 'http';
      if (!asked && (request === undefined || isOfRequest(store))) throw noRequest();
      const waiting = entered && request && identifyAfter('middleware', this.resolver, request, entered);
      if (waiting) return waiting.then(() => this.letIn(context, store));
    }
    return this.letIn(context, store);
  }

  /** There is no request behind a message, and so no source: whoever produced it has entered the tenant, or nobody has. */
  private guardMessage(type: string, context: ExecutionContext): boolean {
    const store = storage.getStore();
    // It is called outside of what is entered around it, which may be that of other messages, too.
    if (isUntenanted(context)) return true;
    if (store?.tenant) return true;
    const kind = type === 'ws' ? 'WebSocket' : type === 'rpc' ? 'message' : type;
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    const refusal = store?.refusal ?? new TenantRequiredError();
    // Nest logs no exception of this kind, and it is nobody's fault but the application's.
    logger.error(refusedMessage(refusal.code, kind, handler));
    throw refusal;
  }

  private letIn(context: ExecutionContext, store: TenantStore | undefined): boolean {
    if (store?.tenant) return true;
    const refusal = store?.refusal ?? new TenantRequiredError('this entrance was reached without a tenant.');
    if (this.late && this.resolver && isIdentifiedAfterGuards(context, this.resolver, refusal)) return true;
    throw refusal;
  }
}

function leave(store: TenantStore): void {
  store.tenant = null;
  store.refusal = null;
}

const logger = new Logger('Tenancy');

/** GraphQL over a WebSocket is the way to come here past the entrance. Its requests tell nothing, and its client the code. */
function explainSocket(context: ExecutionContext): void {
  const handler = context.getHandler();
  if (explainedSockets.has(handler)) return;
  explainedSockets.add(handler);
  logger.warn(
    `${context.getClass().name}.${handler.name} is refused with tenant_required: GraphQL called it for what came through no ` +
      'entrance, such as a subscription over a WebSocket. Those have no tenant yet: ask over HTTP, or mark it `@Untenanted()`.',
  );
}

const explainedSockets = new WeakSet<object>();

const noRequest = () =>
  new TenantSourceFailedError(
    'a source that is asked after middleware or guards needs the request, and the GraphQL context has none that came in. ' +
      'Return it from the `context` function: `{ req }`.',
  );
