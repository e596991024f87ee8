import type { Planted, PlantedRow } from '../../canaries/planted.js';
import { idOf } from '../../discovery/planted-lookup.js';
import type { Target } from '../target/target.js';
import { inQuery, type Variation } from '../target/variation.js';
import { textParameters } from './query-parameters.js';

/**
 * Tokens of the tenant's own answer, such as cursors, that nobody signed: opened, with the other's names in place of the own ones, and
 * closed again, in each parameter of the query.
 */
export function unsignedTokens(target: Target, values: Iterable<unknown>): readonly Variation[] {
  const { harness, own, other } = target;
  const names = namesOfBoth([own, harness.planted(own)], [other, harness.planted(other)]);
  const tokens = [...new Set(values)].flatMap((value) => (typeof value === 'string' ? forged(value, names) : []));
  if (tokens.length === 0) return [];
  return [...textParameters(target)].flatMap((name) => tokens.slice(0, MOST).map((token) => inQuery(name, token)));
}

/** Tokens of one answer: the rows of a list may each have one. */
const MOST = 3;

type Names = readonly (readonly [mine: string, theirs: string])[];
type Owner = readonly [{ readonly id: string; readonly slug: string }, Planted];

/** The id and slug of both tenants, and the ids of their rows. */
function namesOfBoth([own, mine]: Owner, [other, theirs]: Owner): Names {
  const rows = Object.keys(mine).map((name) => [firstId(mine, name), firstId(theirs, name)] as const);
  return [[own.id, other.id] as const, [own.slug, other.slug] as const, ...rows].filter(([one]) => one !== 'undefined');
}

function firstId(planted: Planted, name: string): string {
  return String(idOf([planted[name]].flat()[0] as PlantedRow | undefined));
}

/** The token with the other's names in it, in the alphabet that it was written in; none where it holds no name, or cannot be read. */
function forged(token: string, names: Names): string[] {
  const alphabet = /^[\w-]{8,}$/.test(token) ? 'base64url' : /^[A-Za-z\d+/]{8,}={0,2}$/.test(token) ? 'base64' : null;
  if (alphabet === null) return [];
  const text = Buffer.from(token, alphabet).toString();
  if (Buffer.from(text).toString(alphabet) !== token) return [];
  const other = names.reduce((changed, [mine, theirs]) => changed.replaceAll(mine, theirs), text);
  return other === text ? [] : [Buffer.from(other).toString(alphabet)];
}
