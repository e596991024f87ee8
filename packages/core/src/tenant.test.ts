import { describe, expect, it } from 'vitest';
import { admit } from './tenant.js';
import { canNameATenant } from './tenant-id.js';

describe('what can name a tenant', () => {
  it.each(['acme', "'; drop table tenants; --", 'a\\b"c', 'мир', '🏢', 'x'.repeat(255)])('%j can', (name) => {
    expect(canNameATenant(name)).toBe(true);
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
    expect(canNameATenant(name)).toBe(false);
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

  it('P2: has an id', () => {
    expect(() => admit({ id: undefined as unknown as string, slug: 'acme' })).toThrow('tenant_context_missing');
    expect(() => admit(undefined as never)).toThrow('tenant_context_missing');
  });
});
