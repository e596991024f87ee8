import { describe, expect, it } from 'vitest';
import { TenantContext } from './context/tenant-context.js';
import { admit } from './tenant.js';
import { isUsableTenantId } from './tenant-id.js';

describe('what can name a tenant', () => {
  it.each(['acme', "'; drop table tenants; --", 'a\\b"c', 'мир', '🏢', 'x'.repeat(255)])('%j can', (name) => {
    expect(isUsableTenantId(name)).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['the empty string', ''],
    ['a number', 7],
    ['an array', ['acme']],
    ['an object', { id: 'acme' }],
    ['more than 255 bytes', 'x'.repeat(256)],
    ['more than 255 bytes in fewer characters', '🏢'.repeat(64)],
    ['a NUL', 'ac\0me'],
    ['a lone surrogate', 'acme\uD800'],
  ])('%s cannot', (_, name) => {
    expect(isUsableTenantId(name)).toBe(false);
  });
});

describe('an admitted tenant', () => {
  it('cannot be moved to another tenant by whoever holds it', () => {
    const tenant = admit({ id: 't_acme', slug: 'acme' });
    expect(() => Object.assign(tenant, { id: 't_globex' })).toThrow(TypeError);
    expect(tenant.id).toBe('t_acme');
  });

  it('leaves the object that the registry gave as it was, and keeps its class', () => {
    class Company {
      id = 't_acme';
      slug = 'acme';
      get title() {
        return this.slug.toUpperCase();
      }
    }
    const company = new Company();
    const tenant = admit(company);
    expect(Object.isFrozen(company)).toBe(false);
    expect(tenant).toBeInstanceOf(Company);
    expect((tenant as Company).title).toBe('ACME');
  });

  it('keeps what its class holds in private, of its own and of the class that it extends', () => {
    const plans = new WeakMap<object, string>();
    class Row {
      #row: { id: string; slug: string };
      constructor(row: { id: string; slug: string }) {
        this.#row = row;
        plans.set(this, 'free');
      }
      get id() {
        return this.#row.id;
      }
      get slug() {
        return this.#row.slug;
      }
      move() {
        this.#row = { id: 't_globex', slug: 'globex' };
      }
    }
    class Company extends Row {
      get plan() {
        return plans.get(this);
      }
      title(mark: string) {
        return this.slug.toUpperCase() + mark;
      }
    }
    const company = new Company({ id: 't_acme', slug: 'acme' });
    const tenant = new TenantContext().run(company, () => new TenantContext().current()) as unknown as Company;
    expect([tenant.id, tenant.slug, tenant.plan, tenant.title('!')]).toEqual(['t_acme', 'acme', 'free', 'ACME!']);
    expect([tenant instanceof Company, Object.isFrozen(tenant), Object.isFrozen(company)]).toEqual([true, true, false]);
    expect([structuredClone(tenant), JSON.parse(JSON.stringify(tenant))]).toEqual([
      { id: 't_acme', slug: 'acme' },
      { id: 't_acme', slug: 'acme' },
    ]);
    expect(admit(tenant)).toBe(tenant);
    // Who it is does not change while work goes on, frozen or not.
    const frozen = admit(Object.freeze(new Company({ id: 't_acme', slug: 'acme' }))) as unknown as Company;
    for (const each of [tenant, frozen]) {
      each.move();
      expect([each.id, each.slug]).toEqual(['t_acme', 'acme']);
      expect(() => Object.assign(each, { id: 't_globex' })).toThrow(TypeError);
    }
  });

  it('P2: has an id', () => {
    expect(() => admit({ id: undefined as unknown as string, slug: 'acme' })).toThrow('tenant_context_missing');
    expect(() => admit(undefined as never)).toThrow('tenant_context_missing');
  });
});
