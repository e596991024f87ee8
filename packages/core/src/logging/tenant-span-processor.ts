import { ATTRIBUTE, loggedTenant } from './logged-tenant.js';

/** The part of a span of OpenTelemetry that is used here. */
interface Span {
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  setAttribute(name: string, value: string): unknown;
}

/** The tenants that spans have begun in. */
const begun = new WeakMap<object, string>();

/** Kinds of spans that begin before anybody can know the tenant: of a request, and of a message. */
const ENTERING = [1, 4];

/**
 * A span processor of OpenTelemetry that sets `tenant.id` on each span, when it begins. The span of a request begins before the tenant
 * is known, and is told when it ends. An attribute of this name that the application sets on a span of a tenant is replaced when it
 * ends. Spans without a tenant have none of ours.
 *
 * @example
 * ```ts
 * import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
 * import { TenantSpanProcessor } from '@tenancy/core/logging';
 *
 * export const provider = new NodeTracerProvider({ spanProcessors: [new TenantSpanProcessor()] });
 * ```
 */
export class TenantSpanProcessor {
  /** @internal */
  onStart(span: Pick<Span, 'setAttribute'>): void {
    const id = loggedTenant();
    if (id === undefined) return;
    begun.set(span, id);
    span.setAttribute(ATTRIBUTE, id);
  }

  /** @internal */
  onEnding(span: Span): void {
    const id = begun.get(span) ?? (ENTERING.includes(span.kind) ? loggedTenant() : undefined);
    // Whatever the application has made of it meanwhile.
    if (id !== undefined && span.attributes[ATTRIBUTE] !== id) span.setAttribute(ATTRIBUTE, id);
  }

  /** @internal */
  onEnd(): void {}

  /** @internal */
  async forceFlush(): Promise<void> {}

  /** @internal */
  async shutdown(): Promise<void> {}
}
