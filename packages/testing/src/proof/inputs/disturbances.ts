import type { HttpRequest } from '../../http-request.js';
import { isGraphql, isPlain } from '../target/plain-objects.js';
import { nameOf, type Position, replaced, valueAt } from '../target/positions.js';
import type { Target } from '../target/target.js';
import { inQuery, type Variation } from '../target/variation.js';

/** Requests that a handler refuses, or gives up half-way: a last item that is none, a value that nothing can be done with. */
export function failing({ entrance: { route } }: Target, request: HttpRequest): readonly Variation[] {
  const { body } = request;
  const variables = isGraphql(body) ? (body['variables'] as object) : body;
  const above: Position = isGraphql(body) ? ['body', 'variables'] : ['body'];
  const places = leavesOf(variables, above).slice(0, MOST);
  const query = (route?.parameters ?? []).filter((each) => each.in === 'query').slice(0, MOST);
  return [
    ...listsOf(variables, above).flatMap((at) => ['', null].map((item) => endingWith(at, item))),
    ...places.map(({ at }) => put(at, null, 'is null')),
    ...places.slice(0, 2).map(({ at }) => put(at, '', 'is empty')),
    ...query.map(({ name }) => inQuery(name, 'many')),
  ];
}

/** The request with the first letters of each text alone: what is left in a place that was used before shows behind them. */
export function shortened(request: HttpRequest): Variation | null {
  const above: Position = isGraphql(request.body) ? ['body', 'variables'] : ['body'];
  const texts = leavesOf(isGraphql(request.body) ? request.body['variables'] : request.body, above).filter(
    ({ value }) => typeof value === 'string' && value.length > SHORT && /[^\w-]/.test(value),
  );
  if (texts.length === 0) return null;
  return {
    name: 'texts of three letters',
    change: (each) =>
      replaced(
        each,
        texts.map(({ at, value }) => [at, String(value).slice(0, SHORT)] as const),
      ),
  };
}

const MOST = 4;
const SHORT = 3;

function put(at: Position, value: unknown, how: string): Variation {
  return { name: `${nameOf(at)} that ${how}`, change: (request) => replaced(request, [[at, value]]) };
}

function endingWith(at: Position, item: unknown): Variation {
  const change = (request: HttpRequest) => replaced(request, [[at, [valueAt(request, at), item].flat()]]);
  return { name: `${nameOf(at)} that ends with an item that is none`, change };
}

interface Leaf {
  readonly at: Position;
  readonly value: unknown;
}

function leavesOf(value: unknown, at: Position): readonly Leaf[] {
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((each, n) => leavesOf(each, [...at, n]));
  if (isPlain(value)) return Object.entries(value).flatMap(([key, each]) => leavesOf(each, [...at, key]));
  return at.length > 1 ? [{ at, value }] : [];
}

function listsOf(value: unknown, at: Position): readonly Position[] {
  if (Array.isArray(value)) return [at];
  return isPlain(value) ? Object.entries(value).flatMap(([key, each]) => listsOf(each, [...at, key])) : [];
}
