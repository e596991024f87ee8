import type { Route } from '../discovery/entrance.js';
import type { Condition } from './condition.js';

const COMPARED = /([\w$.?[\]'"-]+(?:\(\s*['"][\w-]+['"]\s*\))?)\s*(===?|!==?)\s*(['"`]([^'"`]*)['"`]|\d+|true|false)/;
const COMPARED_BACKWARDS = /(['"`]([^'"`]*)['"`])\s*(===?|!==?)\s*([\w$.?[\]'"-]+)/;
const GIVEN = /^(!*)([\w$.?[\]'"-]+(?:\(\s*['"][\w-]+['"]\s*\))?)$/;

/**
 * The input that makes a condition come out so, as a reader would write it: `?archived=true`, `X-Debug: 1`,
 * `{ "archived": true }` in the body. Null where the condition does not look at one.
 */
export function reachingInput({ text, holds }: Condition, route: Route | null): string | null {
  const one = text.trim().replace(/^\((.*)\)$/s, '$1');
  if (/&&|\|\|/.test(one)) return null;
  const backwards = COMPARED_BACKWARDS.exec(one);
  const compared = COMPARED.exec(one);
  if (backwards) return input(backwards[4] ?? '', backwards[2] ?? '', isWanted(backwards[3], holds), route);
  if (compared) {
    const value = compared[4] ?? (compared[3] === undefined ? '' : JSON.parse(compared[3]));
    return input(compared[1] ?? '', value, isWanted(compared[2], holds), route);
  }
  const [, negations = '', name = ''] = GIVEN.exec(one) ?? [];
  return name === '' ? null : input(name, true, (negations.length % 2 === 0) === holds, route);
}

const isWanted = (operator: string | undefined, holds: boolean) => operator?.startsWith('=') === holds;

function input(read: string, value: string | number | boolean, isWanted: boolean, route: Route | null): string | null {
  // Any other value would do, and whoever sends none has one.
  if (!isWanted) return null;
  const names = [...read.matchAll(/[\w$-]+/g)].map(([name]) => name);
  const name = names.at(-1) ?? '';
  const place = names.slice(0, -1).findLast((each) => PLACES.has(each.toLowerCase()));
  const declared = route?.parameters.find(
    (each) => each.in !== 'path' && each.name.toLowerCase() === name.toLowerCase(),
  );
  const where = place
    ? PLACES.get(place.toLowerCase())
    : (declared?.in ?? (isInBody(name, route) ? 'body' : undefined));
  if (where === 'query') return `?${declared?.name ?? name}=${encodeURIComponent(value)}`;
  if (where === 'header') return `${declared?.name ?? name}: ${value}`;
  if (where === 'cookie') return `Cookie: ${name}=${value}`;
  return where === 'body' ? `{ ${JSON.stringify(name)}: ${JSON.stringify(value)} } in the body` : null;
}

/** Names that handlers give to the parts of a request. */
const PLACES = new Map<string, 'query' | 'header' | 'cookie' | 'body'>([
  ['query', 'query'],
  ['headers', 'header'],
  ['header', 'header'],
  ['cookies', 'cookie'],
  ['body', 'body'],
]);

function isInBody(name: string, route: Route | null): boolean {
  const known = typeof route?.body === 'object' ? route.body?.properties : undefined;
  return Object.hasOwn({ ...known, ...route?.optionalVariables }, name);
}
