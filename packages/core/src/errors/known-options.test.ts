import { describe, expect, it } from 'vitest';
import { type TenancyConfigOptions, tenancyConfig } from '../eslint/tenancy-config.js';
import {
  CachedTenantRegistry,
  fromJwt,
  fromRequest,
  fromSession,
  fromSignedHeader,
  fromSubdomain,
  type InMemoryTenant,
  InMemoryTenantRegistry,
  isTenancyError,
  type JwtOptions,
  type RegistryCacheOptions,
  type SignedHeaderOptions,
  type SubdomainOptions,
  signTenantHeader,
  TenancyModule,
  type TenancyModuleExtras,
  type TenancyOptions,
  type TenantSource,
} from '../index.js';
import { nearestOf } from './known-options.js';

const registry = new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]);
const sources = [fromSubdomain({ baseDomain: 'localhost' })];
const secret = 'x'.repeat(32);
const module = (more: object) => TenancyModule.forRoot({ registry, sources, ...more });

describe('core-13: an unknown option is refused by name, with the known one that is nearest', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['forRoot', () => module({ cahce: false }), /TenancyModule\.cahce: is unknown\. Did you mean `cache`\?/],
    ['forRoot, something else', () => module({ logging: true }), /logging: is unknown\. Known: `registry`, `sources`/],
    [
      'the cache',
      () => module({ cache: { tttl: 1 } }),
      /TenancyModule\.cache\.tttl: is unknown\. Did you mean `ttl`\?/,
    ],
    ['a cache that is none', () => module({ cache: true }), /TenancyModule\.cache: is neither limits nor `false`/],
    [
      'forRootAsync',
      () => TenancyModule.forRootAsync({ useFactroy: () => ({ registry, sources }) } as never),
      /TenancyModule\.forRootAsync\.useFactroy: is unknown\. Did you mean `useFactory`\?/,
    ],
    ['fromSubdomain', () => fromSubdomain({ baseDomain: 'a.test', reservd: [] } as never), /Did you mean `reserved`\?/],
    [
      'a slug that was',
      () => fromSubdomain({ baseDomain: 'a.test', renamed: 'yes' } as never),
      /fromSubdomain\.renamed: is neither/,
    ],
    ['fromSubdomain, by case', () => fromSubdomain({ basedomain: 'a.test' } as never), /Did you mean `baseDomain`\?/],
    [
      'fromJwt',
      () => fromJwt({ secret, claims: 'org' } as never),
      /fromJwt\.claims: is unknown\. Did you mean `claim`\?/,
    ],
    ['fromSignedHeader', () => fromSignedHeader({ secret, tolerence: 5 } as never), /Did you mean `tolerance`\?/],
    [
      'signTenantHeader',
      () => signTenantHeader('t', { secret, header: 'x' } as never),
      /signTenantHeader\.header: is unknown/,
    ],
    ['fromSession', () => fromSession({ tenantID: () => null } as never), /Did you mean `tenantId`\?/],
    ['fromRequest', () => fromRequest(() => null, { afer: 'guards' } as never), /Did you mean `after`\?/],
    ['CachedTenantRegistry', () => new CachedTenantRegistry(registry, { maxx: 1 } as never), /Did you mean `max`\?/],
    ['tenancyConfig', () => tenancyConfig({ adminFolders: [] } as never), /Did you mean `adminFolder`\?/],
    [
      'a tenant in memory whose status is misspelt',
      () => new InMemoryTenantRegistry([{ id: 't', slug: 't', stauts: 'suspended' } as never]),
      /a tenant has the field `stauts`\. Did you mean `status`\?/,
    ],
    [
      'a tenant in memory whose domains are text',
      () => new InMemoryTenantRegistry([{ id: 't', slug: 't', domains: 'a.test' } as never]),
      /`domains` of a tenant are not a list/,
    ],
    ['no list of tenants', () => new InMemoryTenantRegistry({ id: 't', slug: 't' } as never), /is not given a list/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(/^tenancy_misconfigured/);
    try {
      make();
    } catch (error) {
      expect(isTenancyError(error, 'tenancy_misconfigured')).toBe(true);
    }
  });

  it("and a known one is not, nor a tenant's field of one's own", () => {
    expect(() => module({ isGlobal: false, cache: { ttl: 5 }, registryTimeout: undefined })).not.toThrow();
    expect(
      () =>
        new InMemoryTenantRegistry([{ id: 't', slug: 't', plan: 'free', stats: 1, state: 'x', domain: 'a' } as never]),
    ).not.toThrow();
  });

  it('suggests nothing for what resembles nothing', () => {
    expect(nearestOf('verbose', ['ttl', 'max'])).toBeUndefined();
    expect(nearestOf('ttl2', ['ttl', 'max'])).toBe('ttl');
  });
});

it('core-12: an option may be undefined under exactOptionalPropertyTypes', () => {
  const unset: string | undefined = process.env['TENANCY_NOT_SET'];
  const jwt: JwtOptions = { secret, algorithms: undefined, claim: undefined, extract: undefined, onInvalid: undefined };
  const subdomain: SubdomainOptions = { baseDomain: 'localhost', reserved: undefined };
  const header: SignedHeaderOptions = { secret, header: undefined, tolerance: undefined };
  const cache: RegistryCacheOptions = { ttl: undefined, max: undefined };
  const extras: TenancyModuleExtras = { isGlobal: undefined };
  const source: TenantSource = { name: 'own', identify: () => null, requires: undefined, after: undefined };
  const tenant: InMemoryTenant = { id: 't_acme', slug: 'acme', domains: undefined };
  const options: TenancyOptions = {
    registry: new InMemoryTenantRegistry([tenant]),
    sources: [fromJwt(jwt), fromSubdomain(subdomain), fromSignedHeader(header), source],
    cache,
    registryTimeout: undefined,
    audit: undefined,
  };
  const eslint: TenancyConfigOptions = { files: undefined, adminFolder: undefined };
  expect(() => TenancyModule.forRoot({ ...options, ...extras, cache: undefined })).not.toThrow();
  expect(() => fromRequest(() => null, { after: 'guards', name: undefined })).not.toThrow();
  expect(tenancyConfig(eslint).ignores).toEqual(['src/admin/**']);

  // And one that must be set is refused at start, whatever its type allows.
  expect(() => fromJwt({ secret, issuer: unset })).toThrow(/fromJwt\.issuer: is empty/);
  expect(() => fromJwt({ secret, audience: unset })).toThrow(/fromJwt\.audience: is empty/);
  expect(() => fromJwt({ secret: unset })).toThrow(/fromJwt: has no secret/);
  expect(() => fromSubdomain({ baseDomain: unset })).toThrow(/fromSubdomain\.baseDomain: is empty/);
  expect(() => fromSignedHeader({ secret: unset })).toThrow(/fromSignedHeader\.secret: is empty/);
  expect(() => signTenantHeader('t_acme', { secret: unset })).toThrow(/signTenantHeader\.secret: is empty/);
});
