import type { IsolationReport } from './isolation-report.js';
import { visibleJson } from './visible-text.js';

/** Raised when a field is taken away or means something else; not when one is added. */
export const SCHEMA_VERSION = 1;

/**
 * The report as JSON, with `schemaVersion: 1` in front, for tools to read and for reports to be compared: the same
 * report is the same text, in whatever order its objects were filled.
 *
 * Requests are in it as they were sent, but for secrets: names stand in their places.
 */
export function toJson(report: IsolationReport): string {
  return `${visibleJson(JSON.stringify(plain({ schemaVersion: SCHEMA_VERSION, ...report }, new Set()), null, 2))}\n`;
}

/**
 * Reads what {@link toJson} wrote.
 *
 * @throws TypeError for JSON of another version, or of something else.
 */
export function fromJson(json: string): IsolationReport {
  const parsed: unknown = JSON.parse(json);
  const version = (parsed as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== SCHEMA_VERSION) {
    throw new TypeError(
      `This is no isolation report of schema version ${SCHEMA_VERSION}, but of ${JSON.stringify(version) ?? 'none'}. ` +
        'Read it with the version of @tenancy/testing that wrote it.',
    );
  }
  const { schemaVersion: _, ...report } = parsed as IsolationReport & { schemaVersion: number };
  // Reports of the first release know nothing of branches.
  const { coverage = NOT_LOOKED, entrances = [] } = report as Partial<IsolationReport>;
  return { ...report, coverage, entrances: entrances.map((each) => ({ ...each, unreached: each.unreached ?? [] })) };
}

const NOT_LOOKED: IsolationReport['coverage'] = {
  state: 'off',
  why: 'Which branches were reached is not known: the version that wrote this report did not look.',
};

/** Keys that a reader looks for first; everything else comes by its name. */
const FIRST = [
  ...['schemaVersion', 'application', 'verdict', 'counts', 'tenants', 'startedAt', 'milliseconds', 'rowsLeft'],
  ...['entrance', 'attack', 'id', 'kind', 'why', 'method', 'url', 'status'],
];
const LAST = ['entrances', 'attacks', 'evidence', 'body', 'text'];

function rank(key: string): number {
  if (FIRST.includes(key)) return FIRST.indexOf(key) - FIRST.length;
  return LAST.indexOf(key) + 1;
}

function inOrder([one]: [string, unknown], [other]: [string, unknown]): number {
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}

/** Rows may hold what drivers make of columns: dates, large numbers, bytes. */
function plain(value: unknown, within: ReadonlySet<object>): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (within.has(value)) return '[circular]';
  const inside = new Set(within).add(value);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item, inside) ?? null);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return plain(toJSON.call(value), inside);
  // Not by assignment: a column may be called `__proto__`.
  return Object.fromEntries(
    Object.entries(value)
      .sort(inOrder)
      .map(([key, item]) => [key, plain(item, inside)]),
  );
}
