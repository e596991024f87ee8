import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import type { RawClient } from './raw-client.js';

/**
 * The members that a class of the application's own adds to `PrismaClient`, such as Nest's usual `PrismaService`: methods and accessors run
 * with the scoped client as `this`. A field may hold the unscoped client (P25), so it is there when it is a primitive, and
 * refused by name otherwise.
 */
export function ownMembers(client: RawClient, models: readonly ScopedModel[]): ReadonlyMap<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>();
  const classes: object[] = [];
  // Of the client itself Prisma hides the prototype.
  for (let each = client.constructor.prototype; each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    classes.unshift(each);
  }
  const [, ...own] = classes;
  if (own.length === 0) return members;
  for (const name of Object.getOwnPropertyNames(client)) {
    const value = Object.getOwnPropertyDescriptor(client, name)?.value as unknown;
    const isPrimitive = value === null || (typeof value !== 'object' && typeof value !== 'function');
    const refuse = () => {
      throw refusedField(client, name);
    };
    members.set(name, isPrimitive ? { value } : { get: refuse });
  }
  for (const each of own) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(each)))
      members.set(name, descriptor);
  }
  for (const { name, property } of models) for (const each of [name, property]) members.delete(each);
  for (const name of members.keys()) if (PRISMAS.test(name)) members.delete(name);
  return members;
}

/** Members under `$` are scoped or refused as on every client. */
const PRISMAS = /^[$_]|^constructor$/;

function refusedField(client: object, name: string): TenantScopeError {
  const of = client.constructor.name;
  return new TenantScopeError(
    'scope_refused',
    `${of}.${name} was refused: a field of the instance may hold the unscoped client. Make it a method of the class, which runs ` +
      'with the scoped client as `this`, or keep it outside of the class.',
  );
}
