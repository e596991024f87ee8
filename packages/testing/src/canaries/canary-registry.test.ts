import { describe, expect, it } from 'vitest';
import { CanaryRegistry } from './canary-registry.js';
import { findCanaries } from './find-canaries.js';
import { isTelling } from './telling.js';

const acme = { id: 't_acme', slug: 'acme', name: 'Acme Careers' };
const globex = { id: 't_globex', slug: 'globex', name: 'Globex' };
const values = (registry: CanaryRegistry, tenant = globex) => registry.of(tenant).map(({ value }) => value);

describe('CanaryRegistry', () => {
  it("knows a tenant's id, slug and name from the start", () => {
    expect(new CanaryRegistry([acme, globex]).of(globex)).toEqual([
      { tenantId: 't_globex', what: 'tenant.id', value: 't_globex' },
      { tenantId: 't_globex', what: 'tenant.slug', value: 'globex' },
    ]);
    expect(values(new CanaryRegistry([acme, globex]), acme)).toEqual(['t_acme', 'acme', 'Acme Careers']);
  });

  it('takes rows apart, and says what each value is', () => {
    const registry = new CanaryRegistry([acme, globex]);
    registry.plantRows(globex, {
      job: { id: 90817, title: 'Reactor technician', isOpen: true, at: new Date(), status: 'open' },
      candidate: [{ email: 'zoe@example.com', tags: ['Ferrari collector'], score: { toJSON: () => '71.3391' } }],
    });
    expect(registry.of(globex).slice(2)).toEqual([
      { tenantId: 't_globex', what: 'job.id', value: '90817' },
      { tenantId: 't_globex', what: 'job.title', value: 'Reactor technician' },
      { tenantId: 't_globex', what: 'candidate[0].email', value: 'zoe@example.com' },
      { tenantId: 't_globex', what: 'candidate[0].tags[0]', value: 'Ferrari collector' },
      { tenantId: 't_globex', what: 'candidate[0].score', value: '71.3391' },
    ]);
  });

  it('excludes what another tenant has too, alone or inside something longer', () => {
    const registry = new CanaryRegistry([acme, globex]);
    registry.plant(globex, 'office', ['Berlin Mitte 4711', 'Hamburg Altona 1234']);
    expect(values(registry)).toContain('Berlin Mitte 4711');
    registry.plant(acme, 'office', 'Remote, or BERLIN MITTE 4711');
    expect(values(registry)).not.toContain('Berlin Mitte 4711');
    expect(values(registry)).toContain('Hamburg Altona 1234');
    // The longer one is still acme's alone.
    expect(values(registry, acme)).toContain('Remote, or BERLIN MITTE 4711');
  });

  it("does not take a slug for a canary that begins another tenant's", () => {
    const registry = new CanaryRegistry([acme, { id: 't_7', slug: 'acme-labs' }]);
    expect(values(registry, acme)).toEqual(['t_acme', 'Acme Careers']);
  });

  it('answers for everybody else at once', () => {
    const initech = { id: 't_initech', slug: 'initech' };
    const registry = new CanaryRegistry([acme, globex, initech]);
    expect(registry.ofOthers(acme).map(({ value }) => value)).toEqual(['t_globex', 'globex', 't_initech', 'initech']);
    registry.plant(globex, 'job', 'Reactor technician');
    expect(registry.ofOthers(acme)).toHaveLength(5);
  });

  it('answers the same frozen list until something is planted, so that it is indexed once', () => {
    const registry = new CanaryRegistry([acme, globex]);
    expect(registry.of(globex)).toBe(registry.of(globex));
    expect(Object.isFrozen(registry.of(globex))).toBe(true);
  });

  it('finds binary values in a body', () => {
    const registry = new CanaryRegistry([acme, globex]);
    const bytes = Buffer.from([0xde, 0xad, 0xbe, 0xef, 0x01, 0x99, 0x42]);
    registry.plant(globex, 'file.content', bytes);
    for (const body of [bytes, bytes.toString('hex'), { content: bytes.toString('base64') }]) {
      expect(findCanaries(body, registry.of(globex)).map(({ canary }) => canary.what)).toContain('file.content');
    }
  });

  it('is an error for a tenant that it does not know', () => {
    expect(() => new CanaryRegistry([acme]).plant(globex, 'job', 'x')).toThrow(
      'the tenant is not one of this registry',
    );
  });
});

describe('isTelling', () => {
  it.each([
    '90817',
    '-90817',
    '4711.08',
    '7f3a9c',
    'job_acme_1',
    'zoe@example.com',
    'https://globex.test',
    'Reactor technician',
    '0f8fad5b-d9cb-469f-a165-70867728950e',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '+49 30 901820',
    'Zoë Sjöström',
    'aVeryLongRandomTokenOfLetters',
  ])('%s tells', (value) => expect(isTelling(value)).toBe(true));

  it.each([
    '',
    'abc',
    '1',
    '4711',
    '60000',
    '100000',
    'open',
    'OPEN',
    'in_progress',
    'full-time',
    'In progress',
    'part time',
    'Engineering',
    'Europe/Berlin',
    'application/pdf',
    'en-US',
    '2026-11-26',
    '2026-11-26T10:00:00.000Z',
    '2026-11-26 10:00:00+00',
    '10:30:00',
    '#ff00aa',
    '1.25.3',
    'v2.0.17',
    '127.0.0.1',
    'level-2',
    'step 12',
    String(Date.now()),
    String(Math.floor(Date.now() / 1000)),
  ])('%s does not', (value) => expect(isTelling(value)).toBe(false));
});
