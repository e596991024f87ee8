import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { isolations } from '../src/database/isolation.js';
import { Person } from './support/person.js';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

const browser = { Accept: 'text/html' };

describe.each(['rows', 'schemas'] as const)('a session, with companies in %s', (isolation) => {
  let platform: TestPlatform;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    platform = await TestPlatform.start({ isolation });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await platform.stop();
  });

  const signIn = (company: Company) => Person.signIn(platform, company);
  const tokenIn = ({ cookie }: Person) => cookie.slice(cookie.indexOf('=') + 1);
  /** Answers to a copy of a person's cookie: of a page, of the API, and of the API without the cookie. */
  async function opens(person: Person): Promise<number[]> {
    const { host, cookie } = person;
    const answers = await Promise.all([
      person.get('/desk/candidates'),
      platform.call(host, '/candidates', { headers: { Cookie: cookie } }),
      platform.call(host, '/candidates', { token: tokenIn(person) }),
    ]);
    return answers.map(({ status }) => status);
  }
  const OPEN = [200, 200, 200];
  const SHUT = [303, 401, 401];

  async function watching(person: Person, company: Company): Promise<Socket> {
    const socket = io(`http://127.0.0.1:${platform.port}/live`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { host: person.host, cookie: person.cookie },
    });
    sockets.push(socket);
    socket.once('connect', () => socket.emit('watch', { jobId: demoId(company, 'job', 0) }));
    await new Promise((resolve, reject) => socket.once('watching', resolve).once('exception', reject));
    return socket;
  }

  it('ends with the sign-out, whoever has a copy of the cookie, and no other session with it', async () => {
    const [gone, elsewhere, other] = await Promise.all([signIn(acme), signIn(acme), signIn(globex)]);
    for (const person of [gone, elsewhere, other]) expect(await opens(person)).toEqual(OPEN);
    expect((await gone.send('/sign-out', {})).status).toBe(303);
    expect(await opens(gone)).toEqual(SHUT);
    for (const person of [elsewhere, other]) expect(await opens(person)).toEqual(OPEN);
    expect((await gone.get('/careers')).text).toContain('href="/sign-in"');
  });

  it('of each company ends by itself, while both sign out at once, and twice', async () => {
    const people = await Promise.all([acme, globex].flatMap((company) => [signIn(company), signIn(company)]));
    const [first, , third] = people as [Person, Person, Person];
    const out = await Promise.all([first, third, first, third].map((person) => person.send('/sign-out', {})));
    expect(out.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
    expect(await Promise.all(people.map(opens))).toEqual([SHUT, OPEN, SHUT, OPEN]);
  });

  it('that has ended opens no socket, and hangs up those that are open', async () => {
    const [gone, stays] = await Promise.all([signIn(acme), signIn(acme)]);
    const [closing, open] = await Promise.all([watching(gone, acme), watching(stays, acme)]);
    await gone.send('/sign-out', {});
    await expect.poll(() => closing.connected, { timeout: 20_000 }).toBe(false);
    expect(open.connected).toBe(true);
    await expect(watching(gone, acme)).rejects.toMatchObject({ message: 'Unauthorized' });
  });

  it('of a program is not ended by the page, which takes a cookie away', async () => {
    const person = await signIn(globex);
    const token = tokenIn(person);
    expect((await platform.call(person.host, '/sign-out', { method: 'POST', token })).status).toBe(303);
    expect(await opens(person)).toEqual(OPEN);
  });

  it('that would have expired is forgotten with the next sign-out, of the own company alone', async () => {
    const tableOf = (company: Company) => `${isolations[isolation].schemaOf(company)}.ended_session`;
    const expired = '0199a000-0000-7000-8fff-00000000000';
    for (const [index, company] of [acme, globex].entries())
      await platform.outside.query(`insert into ${tableOf(company)} values ($1, $2, now() - interval '1 second')`, [
        company.id,
        `${expired}${index}`,
      ]);
    await (await signIn(acme)).send('/sign-out', {});
    const left = async (company: Company) =>
      (await platform.outside.query(`select id from ${tableOf(company)} where expires_at < now()`)).rows;
    const ofGlobex = { id: `${expired}1` };
    expect([await left(acme), await left(globex)]).toEqual(
      isolation === 'rows' ? [[ofGlobex], [ofGlobex]] : [[], [ofGlobex]],
    );
  });

  it('is not in a token without an id, which nobody could end', async () => {
    const { JwtService } = await import('@nestjs/jwt');
    const jwt = new JwtService({ secret: 'a secret of the tests, long enough for HS256' });
    const claims = { sub: demoId(acme, 'user', 0), role: 'admin', tenantId: acme.id };
    const call = (token: string) => platform.call('acme.localhost', '/candidates', { token, headers: browser });
    const endless = await jwt.signAsync(claims, { expiresIn: '1h' });
    expect((await platform.call('acme.localhost', '/candidates', { token: endless })).status).toBe(401);
    const own = await jwt.signAsync(claims, { expiresIn: '1h', jwtid: demoId(acme, 'job', 0) });
    expect((await call(own)).status).toBe(200);
  });
});
