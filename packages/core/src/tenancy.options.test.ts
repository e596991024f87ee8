import { describe, expect, it } from 'vitest';
import {
  fromCustomDomain,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type TenancyOptions,
} from './index.js';

const registry = new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]);
const sources = [fromSubdomain({ baseDomain: 'localhost' })];

describe('wrong options fail at start, with a message that names the option and the fix', () => {
  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /TenancyModule\.registry: has no findById\(\)\. Pass a TenantRegistry/],
    ['no registry', { sources }, /TenancyModule\.registry: has no findById\(\)/],
    ['a registry without findById', { sources, registry: { findBySlug() {} } }, /registry: has no findById\(\)/],
    ['a registry without findBySlug', { sources, registry: { findById() {} } }, /registry: has no findBySlug\(\)/],
    [
      'a source not called',
      { registry, sources: [fromSubdomain] },
      /holds the function fromSubdomain itself\. Call it/,
    ],
    ['no sources', { registry }, /TenancyModule\.sources: is empty\. Pass at least one/],
    ['an empty list of sources', { registry, sources: [] }, /TenancyModule\.sources: is empty/],
    ['a source that is none', { registry, sources: [{}] }, /sources: holds something that is not a source/],
    [
      'custom domains without findByDomain',
      { registry: { findById() {}, findBySlug() {} }, sources: [fromCustomDomain()] },
      /registry: has no findByDomain\(\), which "custom-domain" needs\. Implement findByDomain/,
    ],
    [
      'a source without a name',
      { registry, sources: [{ name: '', identify: () => null }] },
      /holds a source without a name/,
    ],
    [
      'more answers than a Map holds',
      { registry, sources, cache: { max: 1e12 } },
      /cache\.max: is not a whole number from 1 to 16777216/,
    ],
    ['a ttl of 0', { registry, sources, cache: { ttl: 0 } }, /TenancyModule\.cache\.ttl: .+`cache: false`/],
    ['a max that is no number', { registry, sources, cache: { max: '10' } }, /TenancyModule\.cache\.max/],
    ['no time for the registry', { registry, sources, registryTimeout: -1 }, /TenancyModule\.registryTimeout/],
    ['a time for the registry that no timer holds', { registry, sources, registryTimeout: 2 ** 31 }, /registryTimeout/],
    ['a time for the sources that no timer holds', { registry, sources, sourceTimeout: 2 ** 31 }, /sourceTimeout/],
    ['no time for the sources', { registry, sources, sourceTimeout: 0 }, /TenancyModule\.sourceTimeout/],
    ['a word for isGlobal', { registry, sources, isGlobal: 'no' }, /TenancyModule\.isGlobal/],
    ['an audit sink that is none', { registry, sources, audit: {} }, /TenancyModule\.audit/],
  ])('%s', (_, options, message) => {
    expect(() => TenancyModule.forRoot(options as TenancyOptions)).toThrow(message);
    expect(() => TenancyModule.forRoot(options as TenancyOptions)).toThrow(/^tenancy_misconfigured/);
  });

  it('right ones do not', () => {
    expect(() => TenancyModule.forRoot({ registry, sources })).not.toThrow();
    expect(() =>
      TenancyModule.forRoot({ registry, sources, cache: false, registryTimeout: 100, sourceTimeout: 2 ** 31 - 1 }),
    ).not.toThrow();
  });
});

it('forRootAsync without a way to its options names the three that there are', () => {
  expect(() => TenancyModule.forRootAsync({})).toThrow(/forRootAsync.+`useFactory`, `useClass` or `useExisting`/);
});
