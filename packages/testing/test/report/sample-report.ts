import type { Canary, Sighting } from '../../src/canaries/canary.js';
import type { Entrance, EntranceKind, Route } from '../../src/discovery/entrance.js';
import type { SentRequest } from '../../src/http-request.js';
import type {
  AttackName,
  AttackResult,
  EntranceResult,
  Evidence,
  IsolationReport,
  ProofVerdict,
} from '../../src/report/isolation-report.js';

/** A report with what a test says of it, and counts that agree with its entrances. */
export function aReport(entrances: readonly EntranceResult[], more: Partial<IsolationReport> = {}): IsolationReport {
  const counts: Record<ProofVerdict, number> = { proven: 0, leaks: 0, unproven: 0, accepted: 0, exempt: 0 };
  for (const { verdict } of entrances) counts[verdict] += 1;
  return {
    application: 'AppModule',
    tenants: ['acme', 'globex'],
    startedAt: '2026-11-26T10:00:00.000Z',
    milliseconds: 3_412,
    verdict: counts.leaks > 0 ? 'leaks' : counts.unproven > 0 ? 'unproven' : 'isolated',
    counts,
    entrances,
    coverage: { state: 'on', why: null },
    rowsLeft: {},
    ...more,
  };
}

export function anEntrance(id: string, more: Partial<Entrance> = {}): Entrance {
  const [method = '', path = ''] = id.split(' ');
  const kind: EntranceKind = more.kind ?? 'http';
  const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    in: 'path' as const,
    name,
    isRequired: true,
    schema: null,
  }));
  const route: Route | null = kind === 'http' || kind === 'sse' ? { method, path, parameters, body: null } : null;
  return { id, kind, handler: null, isUntenanted: false, route, ...more };
}

export function proven(entrance: Entrance, tried: readonly AttackName[] = ['own', 'other-host']): EntranceResult {
  return {
    entrance,
    verdict: 'proven',
    why: null,
    attacks: tried.map((attack) => anAttack(attack, 'proven', "Own data was there, and nothing of globex's.")),
    unreached: [],
    milliseconds: 12,
  };
}

export function leaking(entrance: Entrance, ...attacks: readonly AttackResult[]): EntranceResult {
  const own = anAttack('own', 'proven', 'Own data was there.');
  return { entrance, verdict: 'leaks', why: null, attacks: [own, ...attacks], unreached: [], milliseconds: 40 };
}

export function unproven(entrance: Entrance, why: string): EntranceResult {
  return { entrance, verdict: 'unproven', why, attacks: [], unreached: [], milliseconds: 0 };
}

export function exempt(entrance: Entrance, why: string): EntranceResult {
  return { entrance, verdict: 'exempt', why, attacks: [], unreached: [], milliseconds: 0 };
}

export function anAttack(
  attack: AttackName,
  verdict: AttackResult['verdict'],
  why: string,
  evidence: Evidence | null = null,
): AttackResult {
  return { attack, verdict, why, evidence };
}

export const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJ0ZW5hbnQiOiJhY21lIn0.c2lnbmF0dXJlLW9mLWFjbWU';

export function aRequest(more: Partial<SentRequest> = {}): SentRequest {
  return {
    method: 'GET',
    url: 'http://127.0.0.1:4711/jobs/7',
    headers: { host: 'acme.localhost', authorization: `Bearer ${TOKEN}` },
    body: null,
    ...more,
  };
}

export const title: Canary = { tenantId: 't_globex', value: 'Foundry lead k3v9q', what: 'job.title' };

export function aSighting(more: Partial<Sighting> = {}): Sighting {
  return { canary: title, path: '$.title', excerpt: `"title":"${title.value}"`, ...more };
}

export function evidence(more: Partial<Evidence> = {}): Evidence {
  return {
    request: aRequest(),
    response: {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      text: JSON.stringify({ id: 'job_7', title: title.value, isOpen: true }),
    },
    sightings: [aSighting()],
    log: [],
    changes: [],
    curl: null,
    ...more,
  };
}

/** One of each verdict. */
export function aSample(): IsolationReport {
  return aReport([
    leaking(
      anEntrance('GET /jobs/:id', { handler: 'JobsController.find' }),
      anAttack('foreign-id', 'leaks', "Answered 200 with globex's job.title.", evidence()),
      anAttack('tenant-header', 'not applicable', 'No header names a tenant.'),
    ),
    proven(anEntrance('GET /jobs')),
    unproven(
      anEntrance('POST /jobs', { route: { method: 'POST', path: '/jobs', parameters: [], body: 'unknown' } }),
      'Its body cannot be guessed.',
    ),
    exempt(anEntrance('GET /metrics', { isUntenanted: true }), "Counts requests, and holds no tenant's data."),
    proven(anEntrance('queue MailProcessor.process', { kind: 'queue' }), ['own', 'no-tenant']),
  ]);
}
