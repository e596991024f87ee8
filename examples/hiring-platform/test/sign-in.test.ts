import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lasting } from './support/http.js';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

describe('signing in', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
  });
  afterAll(() => platform.stop());

  const signIn = (host: string, credentials: object) =>
    platform.call(host, '/auth/sign-in', { method: 'POST', body: credentials });
  const at = ({ slug }: Company) => `${slug}.localhost`;

  it('tells apart two accounts with the same e-mail address', async () => {
    const [{ email, password }, globexAccount] = [acme.recruiters[0], globex.recruiters[0]];
    expect(globexAccount.email).toBe(email);
    const answers = await Promise.all(
      [acme, globex].map((company) => signIn(at(company), { email, password: company.recruiters[0].password })),
    );
    const claims = answers.map(({ body }) => JSON.parse(Buffer.from(body.token.split('.')[1], 'base64url').toString()));
    expect(claims.map(({ tenantId }) => tenantId)).toEqual(['t_acme', 't_globex']);
    expect(claims[0].sub).not.toBe(claims[1].sub);
    // However it is written.
    expect((await signIn(at(acme), { email: email.toUpperCase(), password })).status).toBe(200);
    // Each password opens one of them only.
    expect((await signIn(at(globex), { email, password })).status).toBe(401);
    expect((await signIn(at(acme), { email, password: globexAccount.password })).status).toBe(401);
  });

  it('answers in the same way for a wrong password, an unknown address and an account of the other company', async () => {
    const answers = await Promise.all([
      signIn(at(acme), { email: acme.recruiters[1].email, password: 'wrong' }),
      signIn(at(acme), { email: 'nobody@acme.example', password: 'wrong' }),
      signIn(at(acme), { email: globex.recruiters[1].email, password: globex.recruiters[1].password }),
    ]);
    expect(answers[0]).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
    const [first, ...others] = answers.map(lasting);
    for (const other of others) expect(other).toEqual(first);
  });

  it('needs a company, as everything does', async () => {
    const { email, password } = acme.recruiters[0];
    expect(await signIn('localhost', { email, password })).toMatchObject({
      status: 401,
      body: { message: 'tenant_required' },
    });
  });

  it('lets a token stand alone where the host names no company', async () => {
    const { status, text } = await platform.call('localhost', '/candidates', { token: await platform.tokenOf(globex) });
    expect(status).toBe(200);
    expect(text).toContain(globex.candidates[0].name);
    expect(text).not.toContain(acme.candidates[0].name);
  });

  it('by a page over https is refused where nobody told the platform of the proxy: the cookie would go over http too', async () => {
    for (const company of [acme, globex]) {
      const { email, password } = company.recruiters[0];
      const headers = { Accept: 'text/html', 'X-Forwarded-Proto': 'https', Origin: `https://${at(company)}` };
      const answer = await platform.call(at(company), '/sign-in', {
        form: { email, password },
        headers: { ...headers, Host: at(company) },
      });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
      expect(answer.text).toContain('PROTOCOL');
    }
  });
});
