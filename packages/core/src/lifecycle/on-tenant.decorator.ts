import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { type TenantEventKind, tenantEventKinds } from './tenant-event.js';

/** Options of `@OnTenant`. */
export interface OnTenantOptions {
  /**
   * The name by which is remembered which events the method has had. With one of its own the class may be renamed.
   * @defaultValue the names of class and method, as `Billing.open`
   */
  readonly name?: string;
}

/** A method that its decorator has declared to hear of events. */
export interface DeclaredHook {
  readonly kinds: readonly TenantEventKind[];
  readonly name: string | undefined;
}

const DECLARED = Symbol.for('@tenancy/core:on-tenant');

/**
 * Calls a method of a provider for each event of these kinds, in the context of its tenant, at least once and in the order of the tenant: one process
 * at a time. Where it throws it is called again, in growing pauses; meanwhile the later events of that tenant wait, and those of no other. An event of a
 * tenant that is gone, as of `deleted`, comes outside of every tenant.
 *
 * @throws `tenancy_misconfigured` on anything but a method, and for a kind that there is not.
 * @example
 * ```ts
 * import { Injectable } from '@nestjs/common';
 * import { OnTenant, type TenantEvent } from '@tenancy/core/lifecycle';
 *
 * @Injectable()
 * class Billing {
 *   @OnTenant('created')
 *   async open({ tenantId }: TenantEvent) {}
 *
 *   @OnTenant(['suspended', 'deleting'], { name: 'billing, paused' })
 *   async pause(event: TenantEvent) {}
 * }
 * ```
 */
export function OnTenant(
  kinds: TenantEventKind | readonly TenantEventKind[],
  options: OnTenantOptions = {},
): MethodDecorator {
  refuseUnknown('@OnTenant', options, ['name']);
  const { name } = options;
  const all = [kinds].flat() as readonly TenantEventKind[];
  const unknown = all.find((kind) => !tenantEventKinds.includes(kind));
  if (all.length === 0 || unknown !== undefined) {
    throw new TenancyConfigurationError(
      '@OnTenant',
      `is for the event ${JSON.stringify(unknown) ?? 'none'}, which there is not`,
      `Use some of ${tenantEventKinds.join(', ')}.`,
    );
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TenancyConfigurationError(
      '@OnTenant.name',
      'is no text, or an empty one',
      'Pass a name, or leave it out.',
    );
  }
  return (target, key, descriptor) => {
    if (typeof target === 'function' || typeof key === 'symbol' || typeof descriptor?.value !== 'function') {
      throw new TenancyConfigurationError(
        '@OnTenant',
        'is not on a method of an instance',
        'Put it on one that has a name.',
      );
    }
    Reflect.defineMetadata(DECLARED, { kinds: all, name } satisfies DeclaredHook, descriptor.value);
  };
}

/** The declaration of a method; undefined for one that hears of nothing. */
export const hookOf = (method: object): DeclaredHook | undefined =>
  Reflect.getOwnMetadata(DECLARED, method) as DeclaredHook | undefined;
