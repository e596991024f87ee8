import type { AttackName } from '../../report/isolation-report.js';
import { ATTACK_NAMES } from '../../report/verdict-signs.js';
import { visibleJson } from '../../report/visible-text.js';

/** An entrance that is unproven and known to be: as a whole, by one attack, or by one branch that nothing reached. */
export interface KnownUnproven {
  readonly entrance: string;
  readonly attack?: AttackName;
  /** The file and the text of its line, which stay where lines move: `src/jobs.ts: if (archived) {`. */
  readonly branch?: string;
}

/** A leak that somebody answers for, until a day. */
export interface KnownLeak {
  readonly entrance: string;
  readonly attack: AttackName;
  readonly reason: string;
  /** The last day on which it is accepted, in UTC: `2027-01-31`. */
  readonly until: string;
}

/** The state that an application may be in, and no worse. */
export interface Baseline {
  readonly unproven: readonly KnownUnproven[];
  readonly leaks: readonly KnownLeak[];
}

const VERSION = 1;

/** @throws TypeError for what is no baseline, with what is wrong in it. */
export function parseBaseline(text: string, file: string): Baseline {
  const fail = (what: string): never => {
    throw new TypeError(`baseline: ${file} ${what}`);
  };
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    fail(`is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(read)) return fail('is no object: { "version": 1, "unproven": [], "leaks": [] }.');
  if (read['version'] !== VERSION) {
    fail(
      `is of version ${JSON.stringify(read['version']) ?? 'none'}, and this @tenancy/testing reads version ${VERSION}.`,
    );
  }
  const { version: _, unproven, leaks, ...others } = read;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) fail(`has \`${unknown}\`, which means nothing.`);
  const baseline = {
    unproven: listed(unproven, 'unproven', fail).map((each, n) => knownUnproven(each, `unproven[${n}]`, fail)),
    leaks: listed(leaks, 'leaks', fail).map((each, n) => knownLeak(each, `leaks[${n}]`, fail)),
  };
  const seen = new Set<string>();
  for (const entry of [...baseline.unproven, ...baseline.leaks]) {
    const key = nameOf(entry);
    if (seen.has(key)) fail(`names ${nameOf(entry)} twice.`);
    seen.add(key);
  }
  return baseline;
}

type Fail = (what: string) => never;
type Fields = Readonly<Record<string, unknown>>;

function listed(value: unknown, name: string, fail: Fail): readonly unknown[] {
  return Array.isArray(value) ? value : fail(`has no list \`${name}\`.`);
}

function knownUnproven(value: unknown, at: string, fail: Fail): KnownUnproven {
  const { attack, branch, ...others } = fieldsOf(value, at, ['entrance', 'attack', 'branch'], fail);
  const entrance = entranceOf(others, at, fail);
  if (branch !== undefined) {
    if (typeof branch !== 'string' || branch === '')
      fail(`${at}: \`branch\` is no text: "src/jobs.ts: if (archived) {".`);
    if (attack !== undefined) fail(`${at} has \`attack\` and \`branch\`. Make two entries of it.`);
    return { entrance, branch: branch as string };
  }
  return attack === undefined ? { entrance } : { entrance, attack: attackOf(attack, at, fail) };
}

function knownLeak(value: unknown, at: string, fail: Fail): KnownLeak {
  const fields = fieldsOf(value, at, ['entrance', 'attack', 'reason', 'until'], fail);
  const { attack, reason, until } = fields;
  const entrance = entranceOf(fields, at, fail);
  if (typeof reason !== 'string' || reason.trim().length < 3) {
    return fail(`${at}: a leak needs a \`reason\` for which it is accepted.`);
  }
  if (!isDay(until)) {
    return fail(
      `${at}: a leak needs the day \`until\` which it is accepted, such as "2027-01-31", and has ${JSON.stringify(until) ?? 'none'}.`,
    );
  }
  return { entrance, attack: attackOf(attack, at, fail), reason, until };
}

function fieldsOf(value: unknown, at: string, known: readonly string[], fail: Fail): Fields {
  if (!isObject(value)) return fail(`${at} is no object.`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  return unknown === undefined ? value : fail(`${at} has \`${unknown}\`, which means nothing.`);
}

function entranceOf({ entrance }: Fields, at: string, fail: Fail): string {
  return typeof entrance === 'string' && entrance !== '' ? entrance : fail(`${at} names no \`entrance\`.`);
}

function attackOf(attack: unknown, at: string, fail: Fail): AttackName {
  const known = ATTACK_NAMES.find((name) => name === attack);
  return (
    known ?? fail(`${at}: ${JSON.stringify(attack) ?? 'none'} is no attack. There are ${ATTACK_NAMES.join(', ')}.`)
  );
}

/** A day that there is: not the 30th of February. */
function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same entries are the same text, one to a line, so that a change is read in a diff. */
export function writtenBaseline({ unproven, leaks }: Baseline): string {
  const lines = (entries: readonly (KnownUnproven | KnownLeak)[]) =>
    entries.length === 0
      ? '[]'
      : `[\n${entries
          .toSorted(inOrder)
          .map((each) => `    ${visibleJson(JSON.stringify(each))}`)
          .join(',\n')}\n  ]`;
  return `{\n  "version": ${VERSION},\n  "unproven": ${lines(unproven)},\n  "leaks": ${lines(leaks)}\n}\n`;
}

function inOrder(one: KnownUnproven, other: KnownUnproven): number {
  if (one.entrance !== other.entrance) return one.entrance < other.entrance ? -1 : 1;
  const [first = '', second = ''] = [one.branch, other.branch];
  return placeOf(one) - placeOf(other) || (first < second ? -1 : 1);
}

/** An entrance as a whole stands before its attacks, and these before its branches. */
function placeOf({ attack, branch }: KnownUnproven): number {
  if (branch !== undefined) return ATTACK_NAMES.length;
  return attack === undefined ? -1 : ATTACK_NAMES.indexOf(attack);
}

/** `GET /jobs/:id (existence)`, or `GET /jobs (src/jobs.ts: if (archived) {)` */
export function nameOf({ entrance, attack, branch }: KnownUnproven): string {
  const part = attack ?? branch;
  return part === undefined ? entrance : `${entrance} (${part})`;
}
