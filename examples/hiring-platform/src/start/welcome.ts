import { TenantContext, TenantRegistry } from '@tenancy/core';
import { demoCompanies } from '../admin/demo-companies.js';
import { AuthService } from '../auth/auth.service.js';
import type { Settings } from '../settings/settings.js';
import type { SignUp } from '../sign-up/sign-up.js';
import type { Platform } from './start.js';

/** Commands to try, with tokens that work until they expire. */
export async function welcome({ app, port }: Platform, { baseDomain, throwAway }: Settings): Promise<string> {
  const [acme, globex] = demoCompanies;
  const address = (slug: string) => `http://${slug}.${baseDomain}:${port}`;
  const tokenOf = async ({ id, recruiters: [{ email, password }] }: (typeof demoCompanies)[number]) => {
    const tenant = await app.get(TenantRegistry).findById(id);
    if (!tenant) return 'SIGN_IN_FIRST';
    const signIn = () => app.get(AuthService).signIn({ email, password });
    // In a database that was here before, somebody may have changed the demo account.
    const { token } = await app
      .get(TenantContext)
      .run(tenant, signIn)
      .catch(() => ({ token: 'SIGN_IN_FIRST' }));
    return token;
  };
  const [acmeToken, globexToken] = await Promise.all([tokenOf(acme), tokenOf(globex)]);
  const bearer = (token: string) => `-H 'Authorization: Bearer ${token}'`;
  const body = (value: object) => `-H 'Content-Type: application/json' -d '${JSON.stringify(value)}'`;
  const { email, password } = acme.recruiters[0];
  const initech: SignUp = {
    slug: 'initech',
    name: 'Initech',
    email: 'bill@initech.example',
    password: 'bill runs initech',
  };

  return `
The hiring platform is running. ${throwAway ? 'Its database is thrown away when it stops.' : 'It uses the database in DATABASE_URL.'}

  ${acme.name.padEnd(20)} ${address(acme.slug)}
  ${globex.name.padEnd(20)} ${address(globex.slug)}

In a browser: sign up, look at each company, and try to get at the other's data in the attack console.

  The platform         http://${baseDomain}:${port}/
  Attack console       ${address(acme.slug)}/attacks
  Isolation report     ${address(acme.slug)}/isolation
${demoCompanies.map(({ slug, recruiters: [, { email, password }] }) => `  Sign in at ${slug.padEnd(9)} ${email}, ${password}`).join('\n')}

Each company's open jobs, which need no sign-in:

curl ${address(acme.slug)}/jobs
curl ${address(globex.slug)}/jobs

Each company's candidates, for its own recruiters:

curl ${address(acme.slug)}/candidates ${bearer(acmeToken)}
curl ${address(globex.slug)}/candidates ${bearer(globexToken)}

Through TypeORM, beside Prisma: Acme's invoices, and what its recruiters did:

curl ${address(acme.slug)}/invoices ${bearer(acmeToken)}
curl ${address(acme.slug)}/audit-log ${bearer(acmeToken)}

Refused with 401 tenant_mismatch: Globex's token on Acme's address:

curl ${address(acme.slug)}/candidates ${bearer(globexToken)}

Refused with 401 tenant_required: no company at all:

curl http://${baseDomain}:${port}/jobs

Sign in yourself:

curl ${address(acme.slug)}/auth/sign-in ${body({ email, password })}

Sign up with a company of your own, and go to the address that it answers with:

curl http://${baseDomain}:${port}/sign-up ${body(initech)}

Ctrl-C stops it.
`;
}
