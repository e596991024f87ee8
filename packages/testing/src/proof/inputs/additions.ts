import type { Planted, PlantedRow } from '../../canaries/planted.js';
import { idOf } from '../../discovery/planted-lookup.js';
import type { HttpRequest } from '../../http-request.js';
import { entriesOf, formLike, isForm } from '../target/forms.js';
import { isGraphql, isPlain } from '../target/plain-objects.js';
import { nameOf, type Position, replaced } from '../target/positions.js';
import type { Target } from '../target/target.js';
import type { Variation } from '../target/variation.js';

/** Requests that name a row of the other's beside the own: behind it in a list or a form, or as the id of what is to be saved. */
export function additions({ transport, harness, own, other }: Target): readonly Variation[] {
  const mine = transport.requestFor(harness.planted(own), own);
  const theirs = transport.requestFor(harness.planted(other), other);
  if (!mine || !theirs) return [];
  const rows = Object.entries(harness.planted(other)).map(
    ([name, row]) => [name, idOf([row].flat()[0] as PlantedRow)] as const,
  );
  const saved = takesAnId(mine.body)
    ? rows.flatMap(([name, id]) => (id === undefined ? [] : [savedAs(`the id of the other's ${name} in the body`, id)]))
    : [];
  return [...joinedWith(mine, theirs), ...saved, ...mentions(mine, harness.planted(other))];
}

/** Texts in which the other's rows are mentioned by what they are known by, as people mention each other. */
function mentions({ body }: HttpRequest, theirs: Planted): Variation[] {
  const names = Object.values(theirs).flatMap((each) => {
    const row = [each].flat()[0] as PlantedRow;
    return [idOf(row), ...Object.values(row).filter((value) => typeof value === 'string' && value.includes('@'))];
  });
  const text = names
    .filter((name) => name !== undefined)
    .flatMap((name) => [`@${name}`, `#${name}`, `{{${name}}}`])
    .join(' ');
  const places = textsIn(
    isGraphql(body) ? body['variables'] : body,
    isGraphql(body) ? ['body', 'variables'] : ['body'],
  );
  return places.map((at) => ({
    name: `a mention of the other's rows in ${nameOf(at)}`,
    change: (request) => replaced(request, [[at, text]]),
  }));
}

/** Places of texts that somebody wrote: they hold more than one word. */
function textsIn(value: unknown, at: Position): readonly Position[] {
  if (typeof value === 'string') return /^canary-|\s|^invented/.test(value) ? [at] : [];
  return isPlain(value) ? Object.entries(value).flatMap(([key, each]) => textsIn(each, [...at, key])) : [];
}

/** Lists and forms of both, in either order. */
function joinedWith(mine: HttpRequest, theirs: HttpRequest): Variation[] {
  const behind = <T>(own: readonly T[], foreign: readonly T[]) => [...own, ...foreign];
  const before = <T>(own: readonly T[], foreign: readonly T[]) => [...foreign, ...own];
  const lengths = JSON.stringify(lengthsOf([mine.query, mine.body]));
  return (
    [
      ['behind', behind],
      ['before', before],
    ] as const
  ).flatMap(([place, join]) => {
    const changed = (request: HttpRequest): HttpRequest => ({
      ...request,
      ...(request.query && { query: joined(request.query, theirs.query, join) as NonNullable<HttpRequest['query']> }),
      ...(request.body !== undefined && { body: joined(request.body, theirs.body, join) }),
    });
    const { query, body } = changed(mine);
    const isJoined = JSON.stringify(lengthsOf([query, body])) !== lengths;
    return isJoined ? [{ name: `the other's ${place} the own in its lists`, change: changed }] : [];
  });
}

type Join = <T>(own: readonly T[], foreign: readonly T[]) => T[];

function joined(own: unknown, foreign: unknown, join: Join): unknown {
  if (isForm(own) && isForm(foreign)) return formLike(own, join(entriesOf(own), entriesOf(foreign)));
  if (Array.isArray(own) && Array.isArray(foreign)) return join(own, foreign);
  if (!isPlain(own) || !isPlain(foreign)) return own;
  return Object.fromEntries(Object.entries(own).map(([key, each]) => [key, joined(each, foreign[key], join)]));
}

function lengthsOf(value: unknown): unknown {
  if (isForm(value)) return entriesOf(value).length;
  if (Array.isArray(value)) return [value.length, value.map(lengthsOf)];
  return isPlain(value) ? Object.values(value).map(lengthsOf) : null;
}

/** A JSON object or a list of them that says no id. */
function takesAnId(body: unknown): boolean {
  const [one] = [body].flat();
  return isPlain(one) && !('id' in one) && !('query' in one && 'variables' in one);
}

function savedAs(name: string, id: unknown): Variation {
  const saved = (body: unknown): unknown =>
    Array.isArray(body) ? body.map(saved) : isPlain(body) ? { ...body, id } : body;
  return { name, change: (request) => ({ ...request, body: saved(request.body) }) };
}
