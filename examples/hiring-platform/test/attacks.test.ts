import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isolations } from '../src/database/isolation.js';
import { Person } from './support/person.js';
import { acme, canariesOf, globex, TestPlatform } from './support/platform.js';

const LAYERS = {
  'foreign-token': 'entrance',
  'foreign-id': 'scope',
  'raw-sql': 'floor',
  'forged-job': 'queue stamp',
  'shared-cache': 'cache wall',
  'foreign-room': 'sockets',
};

const verdictIn = (text: string) => /data-verdict="(\w+)"/.exec(text)?.[1];

describe.each(['rows', 'schemas'] as const)('the attack console, with companies in %s', (isolation) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start({ isolation });
  });
  afterAll(() => platform.stop());

  it.each(Object.entries(LAYERS))('sees %s refused by the %s, and changes nothing', async (attempt, layer) => {
    for (const [company, other] of [[acme, globex] as const, [globex, acme] as const]) {
      const person = await Person.signIn(platform, company);
      const before = await Promise.all([platform.rowsOf(company), platform.rowsOf(other)]);
      const { status, text } = await person.send(`/attacks/${attempt}`, {});
      expect([status, verdictIn(text)], text).toEqual([200, 'REFUSED']);
      expect(text).toMatch(new RegExp(`Refused by</dt>\\s*<dd><span class="tag good">${layer}</span>`));
      expect(text).toMatch(/Foreign rows<\/dt>\s*<dd>0<\/dd>/);
      for (const canary of canariesOf(other).filter((word) => word !== other.name)) expect(text).not.toContain(canary);
      expect(await Promise.all([platform.rowsOf(company), platform.rowsOf(other)])).toEqual(before);
    }
  });

  it('shows a leak where there is one: the floor is taken away', async () => {
    const person = await Person.signIn(platform, acme);
    const candidates = `${isolations[isolation].schemaOf(acme)}.candidate`;
    await platform.outside.query(`alter table ${candidates} disable row level security`);
    // A row of the other that lies where acme's own do.
    const stray = `insert into ${candidates} (tenant_id, id, name, email) values ('t_globex', gen_random_uuid(), 'Stray', 's@s.example')`;
    await platform.outside.query(stray);
    try {
      const { text } = await person.send('/attacks/raw-sql', {});
      expect(verdictIn(text)).toBe('LEAK');
      expect(text).toContain('class="verdict leak"');
      expect(text).toMatch(/<span class="tag bad">nobody<\/span>/);
    } finally {
      await platform.outside.query(`delete from ${candidates} where name = 'Stray'`);
      await platform.outside.query(`alter table ${candidates} enable row level security`);
    }
    expect(verdictIn((await person.send('/attacks/raw-sql', {})).text)).toBe('REFUSED');
  });

  it('claims no refusal where there was nothing to get', async () => {
    const person = await Person.signIn(platform, acme);
    const candidates = `${isolations[isolation].schemaOf(globex)}.candidate`;
    const applications = `${isolations[isolation].schemaOf(globex)}.application`;
    await platform.outside.query(`delete from ${applications} where tenant_id = 't_globex'`);
    await platform.outside.query(`delete from ${candidates} where tenant_id = 't_globex'`);
    expect(verdictIn((await person.send('/attacks/raw-sql', {})).text)).toBe('INCONCLUSIVE');
  });
});
