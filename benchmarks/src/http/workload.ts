import { createHmac } from 'node:crypto';

/** The companies that the requests of one sample are spread over. */
export interface Company {
  readonly id: string;
  readonly slug: string;
}

export const BASE_DOMAIN = 'app.example.com';
export const SECRET = 'a-secret-of-the-benchmark-with-more-than-32-bytes';
export const PATH = '/jobs/1';

/** All of them are in the registry. Slugs and ids have one length, so every request and every answer has one size. */
export const companies: readonly Company[] = Array.from({ length: 200 }, (_, n) => {
  const slug = `company-${String(n).padStart(3, '0')}`;
  return { id: `t_${slug}`, slug };
});

/** The one row that the handler of every case answers with. */
export const row = (tenantId: string) => ({ id: 'job_1', title: 'Carpenter', tenantId });

/** What a case without tenancy answers, whoever asks. */
export const NOBODYS_ROW = row('t_company-***');

/** The tenant as the peers' cases read it: the cheapest thing that tells one tenant from another. */
export const tenantIdOf = (host: string | undefined): string => `t_${host?.slice(0, host.indexOf('.'))}`;

export interface Exchange {
  readonly request: Buffer;
  readonly body: string;
}

/** One request for each company, with the body that must come back. */
export function exchanges(of: { readonly token: boolean; readonly ownTenant: boolean }): readonly Exchange[] {
  return companies.map(({ id, slug }) => {
    const authorization = of.token ? `Authorization: Bearer ${token(id)}\r\n` : '';
    return {
      request: Buffer.from(
        `GET ${PATH} HTTP/1.1\r\nHost: ${slug}.${BASE_DOMAIN}\r\nAccept: application/json\r\n` +
          `User-Agent: benchmark\r\n${authorization}Connection: keep-alive\r\n\r\n`,
      ),
      body: JSON.stringify(of.ownTenant ? row(id) : NOBODYS_ROW),
    };
  });
}

// Signed here and not by the library under test.
function token(tenantId: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'user_1', tenantId, iat: now, exp: now + 3600 })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
