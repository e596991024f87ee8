import type { HttpCase } from './case.js';

/** Each is loaded only in the process that serves it, so that no case carries another one's modules. */
export const cases = {
  bare: async () => (await import('./cases/bare.js')).bare,
  'als-hook': async () => (await import('./cases/als-hook.js')).alsHook,
  'als-hook+guard': async () => (await import('./cases/als-hook.js')).alsHookAndGuard,
  subdomain: async () => (await import('./cases/tenancy.js')).subdomain,
  'subdomain, 10 tenants': async () => (await import('./cases/tenancy.js')).subdomainOf(10),
  'subdomain, 1000 tenants': async () => (await import('./cases/tenancy.js')).subdomainOf(1_000),
  'subdomain, 100000 tenants': async () => (await import('./cases/tenancy.js')).subdomainOf(100_000),
  'subdomain+jwt': async () => (await import('./cases/tenancy.js')).subdomainAndJwt,
  'bare+verify': async () => (await import('./cases/bare-verify.js')).withString,
  'bare+verify(key)': async () => (await import('./cases/bare-verify.js')).withKey,
  'nestjs-cls': async () => (await import('./cases/nestjs-cls.js')).nestjsCls,
  'request-scoped': async () => (await import('./cases/request-scoped.js')).requestScoped,
} satisfies Record<string, () => Promise<HttpCase>>;

export type CaseName = keyof typeof cases;
