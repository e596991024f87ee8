import { beforeAll, describe, expect, it } from 'vitest';
import { plantCanaries } from '../canaries/known-canaries.js';
import '../vitest.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const unplanted = { id: 't_initech', slug: 'initech' };

/** The message of the assertion's failure. */
function failure(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It passed.');
}

beforeAll(() => {
  plantCanaries(acme, { job: { id: 90_817, title: 'Anvil tester wanted' } });
  plantCanaries(globex, { job: { id: 70_613, title: 'Reactor technician' } });
});

describe('toLeakNothingOf', () => {
  it("passes where nothing is the tenant's", () => {
    expect([{ id: 90_817, title: 'Anvil tester wanted' }]).toLeakNothingOf(globex);
    expect('').toLeakNothingOf(globex);
    expect(null).toLeakNothingOf(globex);
    expect([{ id: 70_613 }]).not.toLeakNothingOf(globex);
  });

  it('says which value of whom was found where', () => {
    const body = { items: [{ id: 1 }, { id: 70_613, note: 'for our Reactor technician\nin Berlin' }] };
    expect(failure(() => expect(body).toLeakNothingOf(globex))).toBe(
      [
        'Expected nothing of globex, and found 2 of its values.',
        '',
        '  $.items[1].id',
        '  - nothing of globex',
        '  + 70613 (job.id of globex: 70613)',
        '',
        '  $.items[1].note',
        '  - nothing of globex',
        '  + for our Reactor technician in Berlin (job.title of globex: Reactor technician)',
      ].join('\n'),
    );
    expect(failure(() => expect('t_globex').toLeakNothingOf(globex))).toContain(
      'Expected nothing of globex, and found 2 of its values.\n\n  $\n  - nothing of globex\n  + t_globex (tenant.id of globex: t_globex)',
    );
    expect(failure(() => expect([]).not.toLeakNothingOf(globex))).toBe(
      'Expected something of globex, and found none of its 4 known values.',
    );
  });

  it('shows the first ten of many', () => {
    const message = failure(() => expect(Array(25).fill('Reactor technician')).toLeakNothingOf(globex));
    expect(message).toContain('found 25 of its values.\n\n  $[0]\n');
    expect(message).toMatch(/ {2}\$\[9\]\n[^[]*\n\n {2}… and 15 more$/);
  });

  it('looks through a response as a caller sees it, and not at what the caller sent', () => {
    const response = { status: 404, headers: { location: '/jobs/90817' }, body: {}, text: '{}' };
    expect({ ...response, request: { url: '/jobs/70613' } }).toLeakNothingOf(globex);
    expect(failure(() => expect(response).toLeakNothingOf(acme))).toContain('  header location\n');
    const injected = { statusCode: 200, headers: {}, body: '[{"title":"Reactor technician"}]' };
    expect(failure(() => expect(injected).toLeakNothingOf(globex))).toContain('  $[0].title\n');
  });

  it.each<[string, unknown, object, string]>([
    [
      'a tenant with nothing planted',
      [],
      unplanted,
      'toLeakNothingOf: nothing is planted for initech, so nothing of it could be found. Plant rows through ' +
        'createIsolationHarness, or tell what is its own with `plantCanaries(tenant, { job: { id, title } })`.',
    ],
    ['what is no tenant', [], { slug: 'globex' }, 'toLeakNothingOf needs a tenant, `{ id, slug }`'],
    ['a promise', Promise.resolve([]), globex, 'toLeakNothingOf was given a promise. Wait for it'],
    ['undefined', undefined, globex, 'toLeakNothingOf was given undefined, in which there is nothing to see.'],
    ['a function', () => [], globex, 'toLeakNothingOf was given the function'],
    ['a fetch response', new Response('[]'), globex, 'cannot wait for the body of a `Response`'],
  ])('is an error, never a pass, for %s', (_, value, tenant, message) => {
    expect(failure(() => expect(value).toLeakNothingOf(tenant as never))).toContain(message);
    expect(failure(() => expect(value).not.toLeakNothingOf(tenant as never))).toContain(message);
  });
});

describe('toBelongToTenant', () => {
  const row = (tenantId: string) => ({ id: 1, tenantId });

  it.each<[string, unknown]>([
    ['a list of rows', [row('t_acme'), row('t_acme')]],
    ['one row', row('t_acme')],
    ['rows from a database', [{ tenant_id: 't_acme' }]],
    ['a page', { items: [row('t_acme')], total: 1, labels: ['a'] }],
    [
      'a row with others inside',
      [{ ...row('t_acme'), author: { name: 'x', tags: [{ name: 'y' }], job: row('t_acme') } }],
    ],
    ['a response', { status: 200, headers: {}, body: [row('t_acme')] }],
  ])('passes for %s', (_, value) => {
    expect(value).toBelongToTenant(acme);
  });

  it.each<[string, unknown, string[]]>([
    [
      'a row of another',
      [row('t_acme'), row('t_globex')],
      ["Expected every row to be acme's.", '', '  $[1].tenantId', '  - t_acme', "  + 't_globex'"],
    ],
    [
      'a row of nobody, deep inside',
      { items: [{ ...row('t_acme'), author: row(null as never) }] },
      ["Expected every row to be acme's.", '', '  $.items[0].author.tenantId', '  - t_acme', '  + null'],
    ],
    [
      'a row that does not say whose it is',
      [row('t_acme'), { id: 2 }],
      [
        "Expected every row to be acme's.",
        '',
        '  $[1]',
        '  - tenantId: t_acme',
        '  + no tenantId or tenant_id: { id: 2 }',
      ],
    ],
    ['no rows', [], ["Expected every row to be acme's."]],
  ])('fails for %s', (_, value, lines) => {
    const message = failure(() => expect(value).toBelongToTenant(acme));
    if (Array.isArray(value) && value.length === 0) {
      expect(message).toBe('Expected rows of acme, and the list is empty, which proves nothing. Plant a row first.');
    } else expect(message).toBe(lines.join('\n'));
  });

  it('goes by the field that it is told', () => {
    expect([{ companyId: 't_acme', tenantId: 7 }]).toBelongToTenant(acme, { property: 'companyId' });
    expect(failure(() => expect([{ id: 1 }]).toBelongToTenant(acme, { property: 'companyId' }))).toBe(
      'Expected rows of acme, and nothing in [ { id: 1 } ] has companyId. Name the field with { property }, or plant what ' +
        "is the tenant's.",
    );
  });

  it('goes by what was planted where rows do not say whose they are', () => {
    expect([{ id: 90_817 }, { title: 'Anvil tester wanted' }]).toBelongToTenant(acme);
    expect({ items: [{ id: 90_817 }], total: 1 }).toBelongToTenant(acme);
    expect({ id: 90_817 }).toBelongToTenant(acme);
    expect(failure(() => expect([{ id: 90_817, note: 'Reactor technician' }]).toBelongToTenant(acme))).toBe(
      "Expected every row to be acme's.\n\n  $[0].note\n  - nothing but acme's\n  + Reactor technician (job.title of t_globex)",
    );
    expect(failure(() => expect([{ id: 90_817 }, { id: 5 }]).toBelongToTenant(acme))).toBe(
      "Expected every row to be acme's.\n\n  $[1]\n  - a value that is known to be acme's\n  + { id: 5 }",
    );
  });

  it('is an error, never a pass, when it is misused', () => {
    expect(failure(() => expect([row('t_globex')]).not.toBelongToTenant(acme))).toBe(
      'toBelongToTenant has no `.not`: one row of another tenant among many, or none at all, would pass. ' +
        'Expect the rows toBelongToTenant(own), or toLeakNothingOf(other).',
    );
    expect(failure(() => expect(Promise.resolve([])).toBelongToTenant(acme))).toContain('was given a promise');
    expect(failure(() => expect(undefined).toBelongToTenant(acme))).toContain('was given undefined');
    expect(failure(() => expect([row(undefined as never)]).toBelongToTenant(undefined as never))).toContain(
      'needs a tenant',
    );
    expect(failure(() => expect([]).toBelongToTenant(unplanted))).toContain('the list is empty');
  });
});

describe('toAnswerLike', () => {
  const answer = (id: string, status = 404, more = {}) => ({
    request: { url: `http://127.0.0.1:4711/jobs/${id}` },
    status,
    headers: { date: id, 'content-type': 'application/json' },
    body: { statusCode: status, message: `no job ${id}`, ...more },
  });

  it('passes where only what was asked for differs', () => {
    expect(answer('70613')).toAnswerLike(answer('99999999'));
    expect(answer('70613')).not.toAnswerLike(answer('99999999', 403));
  });

  it('says what a caller can tell them apart by', () => {
    const telling = { ...answer('70613', 403, { reason: 'foreign' }), headers: { 'x-owner': 'globex' } };
    expect(failure(() => expect(telling).toAnswerLike(answer('99999999')))).toBe(
      [
        'Expected two responses that a caller cannot tell apart.',
        '',
        '  status',
        '  - 404',
        '  + 403',
        '',
        '  header content-type',
        "  - 'application/json'",
        '  + nothing',
        '',
        '  body',
        "  - { message: 'no job …', statusCode: 404 }",
        "  + { message: 'no job …', reason: 'foreign', statusCode: 403 }",
        '',
        '  header x-owner',
        '  - nothing',
        "  + 'globex'",
      ].join('\n'),
    );
  });

  it('is an error, never a pass, when it is misused', () => {
    const same = answer('70613');
    expect(failure(() => expect(same).toAnswerLike(same))).toContain('the same response twice');
    expect(failure(() => expect({ a: 1 }).toAnswerLike(same as never))).toContain('needs two responses');
    expect(failure(() => expect(same).not.toAnswerLike({} as never))).toContain('needs two responses');
  });
});

describe('toRefuseTenant', () => {
  const body = (message: string) => ({ statusCode: 401, message, error: 'Unauthorized' });

  it('takes the body as it came, and an error that was thrown', async () => {
    const { TenantMismatchError } = await import('@tenancy/core');
    expect({ statusCode: 401, headers: {}, body: JSON.stringify(body('tenant_mismatch')) }).toRefuseTenant(
      'tenant_mismatch',
    );
    await expect(Promise.reject(new TenantMismatchError())).rejects.toRefuseTenant('tenant_mismatch');
    expect(failure(() => expect(new TenantMismatchError()).toRefuseTenant('tenant_required'))).toMatch(
      /^Expected tenant_required, and got TenantMismatchError: tenant_mismatch: /,
    );
  });

  it('does not take another refusal, or a fault, for being let in', () => {
    expect({ status: 200, body: [] }).not.toRefuseTenant('tenant_mismatch');
    expect(
      failure(() => expect({ status: 401, body: body('tenant_required') }).not.toRefuseTenant('tenant_mismatch')),
    ).toBe(
      'Expected it to be let in. Expected 401 tenant_mismatch, and got 401 with the body ' +
        "{ statusCode: 401, message: 'tenant_required', error: 'Unauthorized' }.",
    );
    expect(() => expect(new Error('broken')).not.toRefuseTenant('tenant_mismatch')).toThrow(
      'Expected it to be let in.',
    );
  });
});
