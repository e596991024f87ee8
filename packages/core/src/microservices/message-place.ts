import { RecentlyUsed } from '../recently-used.js';

/** By patterns that are texts, which come again and again: a text that is put together anew is a new one to all that look it up. */
const places = new RecentlyUsed<string>(1_000);

/** The place that a message's stamp is signed for: its pattern, whatever carries it. */
export function placeOf(pattern: unknown): string {
  if (typeof pattern !== 'string') return `message:${routeOf(pattern)}`;
  const known = places.get(pattern);
  if (known !== undefined) return known;
  const place = `message:${routeOf(pattern)}`;
  places.set(pattern, place);
  return place;
}

/** A pattern as one text: that of an object is its JSON with sorted keys, whoever has written it in which order. */
export function routeOf(pattern: unknown): string {
  const given = typeof pattern === 'string' && pattern.startsWith('{') ? parsed(pattern) : pattern;
  if (typeof given !== 'object' || given === null) return String(given);
  try {
    return JSON.stringify(sorted(given));
  } catch {
    // M9: what somebody has nested too deep is no reason to fail where a caller waits.
    return '';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
