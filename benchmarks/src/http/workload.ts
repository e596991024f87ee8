import { createHmac } from 'node:crypto';

/** A tenant of the registry. */
export interface Company {
  readonly id: string;
  readonly slug: string;
}

/**
 * The tenants that the requests of one sample are spread over.
 *
 * - `in-turn`: one after the other.
 * - `zipf`: the n-th of them 1/n as often as the first, as customers of one product usually are.
 */
export interface Spread {
  readonly tenants: number;
  readonly order: 'in-turn' | 'zipf';
}

export const BASE_DOMAIN = 'app.example.com';
export const SECRET = 'a-secret-of-the-benchmark-with-more-than-32-bytes';
export const PATH = '/jobs/1';

/** How many tenants there are, unless a case says otherwise. */
export const TENANTS = 200;

/** Slugs and ids have one length, so every request and every answer has one size. */
export const companies = (count: number): readonly Company[] => Array.from({ length: count }, (_, n) => company(n));

function company(n: number): Company {
  const slug = `company-${String(n).padStart(6, '0')}`;
  return { id: `t_${slug}`, slug };
}

/** The one row that the handler of every case answers with. */
export const row = (tenantId: string) => ({ id: 'job_1', title: 'Carpenter', tenantId });

/** The answer of a case without tenancy, whoever asks. */
export const NOBODYS_ROW = row('t_company-******');

/** The tenant as the peers' cases read it: the cheapest thing that tells one tenant from another. */
export const tenantIdOf = (host: string | undefined): string => `t_${host?.slice(0, host.indexOf('.'))}`;

export interface Exchange {
  readonly request: Buffer;
  readonly body: string;
}

/** Requests without end, each with the body that must come back. */
export function* exchanges(
  spread: Spread,
  of: { readonly token: boolean; readonly ownTenant: boolean },
): Generator<Exchange, never> {
  const made: Exchange[] = [];
  for (const n of spread.order === 'zipf' ? zipf(spread.tenants) : inTurn(spread.tenants)) {
    made[n] ??= exchange(company(n), of);
    yield made[n];
  }
  throw new Error('unreachable');
}

function exchange({ id, slug }: Company, of: { readonly token: boolean; readonly ownTenant: boolean }): Exchange {
  const authorization = of.token ? `Authorization: Bearer ${token(id)}\r\n` : '';
  return {
    request: Buffer.from(
      `GET ${PATH} HTTP/1.1\r\nHost: ${slug}.${BASE_DOMAIN}\r\nAccept: application/json\r\n` +
        `User-Agent: benchmark\r\n${authorization}Connection: keep-alive\r\n\r\n`,
    ),
    body: JSON.stringify(of.ownTenant ? row(id) : NOBODYS_ROW),
  };
}

function* inTurn(count: number): Generator<number, never> {
  for (let n = 0; ; n = (n + 1) % count) yield n;
}

/** Zipf's distribution with the exponent 1, the same draws in every run. */
function* zipf(count: number): Generator<number, never> {
  const below = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n += 1) below[n] = sum += 1 / (n + 1);
  for (let state = 1; ; ) {
    // Source: Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const drawn = (state / 2 ** 32) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((below[middle] ?? 0) > drawn) high = middle;
      else low = middle + 1;
    }
    yield low;
  }
}

// Signed here and not by the library under test.
function token(tenantId: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'user_1', tenantId, iat: now, exp: now + 3600 })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
