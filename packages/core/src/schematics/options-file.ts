import type { Sources } from './questions.js';

/** The file that says where tenants and their requests come from; it is the application's own from then on. */
export function optionsFile({ baseDomain, tokens }: Sources): string {
  const functions = [...(tokens ? ['fromJwt'] : []), ...(baseDomain ? ['fromSubdomain'] : [])];
  const names = [...functions, 'InMemoryTenantRegistry', 'type TenancyOptions'];
  const domains = [...new Set([baseDomain, 'localhost'])].map((domain) => `'${domain}'`).join(', ');
  const sources = [
    ...(baseDomain ? [`fromSubdomain({ baseDomain: [${domains}] }), // acme.${baseDomain} is acme`] : []),
    ...(tokens ? ["fromJwt({ secret: process.env.JWT_SECRET }), // its claim tenantId is the tenant's id"] : []),
  ];
  return `import {
${names.map((name) => `  ${name},\n`).join('')}} from '@tenancy/core';

/** The tenants, and how a request tells its own: all sources that answer must agree. */
export function tenancyOptions(): TenancyOptions {
  return {
    // In place of your own table: implement TenantRegistry, or use TenantDirectory of @tenancy/postgres/tenants.
    registry: new InMemoryTenantRegistry([
      { id: 't_acme', slug: 'acme' },
      { id: 't_globex', slug: 'globex' },
    ]),
    sources: [
      ${sources.join('\n      ')}
    ],
  };
}
`;
}
