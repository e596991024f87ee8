import { inspect } from 'node:util';
import { OWN_TENANT } from '../context/own-tenant.js';
import { storage } from '../context/storage.js';
import { TenantContextMissingError } from '../errors/context-errors.js';
import type { StampSecrets } from '../stamp/stamp.js';
import { JOB_FIELDS, JOB_METHODS, WRITABLE_FIELDS } from './job-members.js';
import { givenJson, seenError, seenField } from './job-seen.js';
import { stampedTenant } from './job-stamp.js';
import { givenId } from './own-ids.js';
import { isRawJob, type Raw } from './raw.js';
import { anothersJob, refusedMember } from './refused.js';

/** The tenant that a job is of. */
export interface Owner {
  /** `null` for a job of nobody's, or of nobody that can be believed. */
  readonly tenantId: string | null;
  /** True where what runs has no tenant on purpose: then its job answers outside of one. */
  readonly anywhere?: boolean;
}

/** A property that nothing else can name. */
const BEHIND = Symbol('job');

/** The job behind what the application was given. */
export const rawJobOf = (wall: unknown): Raw | undefined =>
  isRawJob(wall) ? ((wall as { readonly [BEHIND]?: Raw })[BEHIND] ?? undefined) : undefined;

function checkOwner({ tenantId, anywhere }: Owner): void {
  if (anywhere) return;
  const active = storage.getStore()?.tenant?.id ?? null;
  if (active === tenantId) return;
  throw active === null ? new TenantContextMissingError() : anothersJob();
}

/** A job as the application sees it: its ids as they were given (Q18), and what it may do with it. The owner's alone. */
export function buildJobWall(raw: Raw, owner: Owner): Raw {
  return new Proxy(Object.create(INSPECTED) as Raw, new JobWall(raw, owner));
}

/** Node looks through a proxy, and calls what it finds there on the proxy. */
const INSPECTED = {
  [inspect.custom](this: Raw): unknown {
    return this['toJSON']() as unknown;
  },
};

/** One object for each job that a tenant sees, which is made twice for each job that runs. */
class JobWall implements ProxyHandler<Raw> {
  readonly #raw: Raw;
  readonly #owner: Owner;

  constructor(raw: Raw, owner: Owner) {
    this.#raw = raw;
    this.#owner = owner;
  }

  get(target: Raw, key: string | symbol): unknown {
    const raw = this.#raw;
    const owner = this.#owner;
    if (key === BEHIND) return raw;
    // Each promise that is given one asks for it.
    if (key === 'then') return undefined;
    if (typeof key === 'symbol' || Object.hasOwn(target, key)) return Reflect.get(target, key);
    if (JOB_FIELDS.has(key)) return seenField(raw, key, owner.tenantId);
    const method = Object.hasOwn(JOB_METHODS, key) ? JOB_METHODS[key] : undefined;
    if (method && key in raw) {
      return (...args: unknown[]): unknown => {
        checkOwner(owner);
        const result = method(raw, args, owner.tenantId);
        return result instanceof Promise
          ? result.catch((error: unknown) => Promise.reject(seenError(error, owner.tenantId)))
          : result;
      };
    }
    if (key === 'toJSON') return () => givenJson(raw, owner.tenantId);
    if (key === 'constructor') return raw['constructor'];
    if (!(key in raw) || key in Object.prototype) return Reflect.get(target, key);
    if (typeof Reflect.get(Object.getPrototypeOf(raw) as object, key, raw) !== 'function')
      throw refusedMember('job', key);
    return () => {
      throw refusedMember('job', key);
    };
  }

  set(target: Raw, key: string | symbol, value: unknown): boolean {
    if (typeof key === 'string' && WRITABLE_FIELDS.has(key)) return Reflect.set(this.#raw, key, value);
    if (typeof key === 'string' && JOB_FIELDS.has(key)) return false;
    return Reflect.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  }

  has(target: Raw, key: string | symbol): boolean {
    // Nothing of it begins later: it need not be looked through when work of a tenant returns it.
    if (key === OWN_TENANT) return true;
    return Reflect.has(target, key) || (typeof key === 'string' && JOB_FIELDS.has(key) && key in this.#raw);
  }

  getPrototypeOf(): object | null {
    return Object.getPrototypeOf(this.#raw) as object | null;
  }

  ownKeys(target: Raw): (string | symbol)[] {
    return [...new Set([...Reflect.ownKeys(target), ...Object.keys(this.#raw).filter((key) => JOB_FIELDS.has(key))])];
  }

  getOwnPropertyDescriptor(target: Raw, key: string | symbol): PropertyDescriptor | undefined {
    const known = Reflect.getOwnPropertyDescriptor(target, key);
    if (known || typeof key === 'symbol' || !JOB_FIELDS.has(key) || !(key in this.#raw)) return known;
    const value = seenField(this.#raw, key, this.#owner.tenantId);
    return { value, writable: true, enumerable: true, configurable: true };
  }
}

/** The arguments of a producer's event: jobs, and their ids, as their owner sees them. */
export const seenEvent = ([about, ...more]: readonly unknown[], secrets: StampSecrets): unknown[] => {
  if (typeof about === 'string') return [givenId(storage.getStore()?.tenant?.id ?? null, about), ...more];
  if (!isRawJob(about) || rawJobOf(about)) return [about, ...more];
  return [buildJobWall(about, { tenantId: stampedTenant(about['queueName'] as string, about, secrets) }), ...more];
};
