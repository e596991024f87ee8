import type { Entrance } from '../../discovery/entrance.js';

const PARTS = ['path', 'query', 'headers', 'body', 'method', 'meanwhile', 'answersNothing'];

/** @throws TypeError for a list of none, and for an example of which a part would be passed over. */
export function checkExamples(entrance: Entrance, examples: unknown): void {
  const all: readonly unknown[] = Array.isArray(examples) ? examples : [examples];
  if (all.length === 0) throw new TypeError(`examples: the list of \`${entrance.id}\` is empty.`);
  for (const example of all) checkExample(entrance, example);
}

function checkExample(entrance: Entrance, example: unknown): void {
  if (typeof example === 'function') return;
  const { id } = entrance;
  if (typeof example !== 'object' || example === null) {
    throw new TypeError(`examples: that of \`${id}\` is neither an object nor a function.`);
  }
  if (!('call' in example)) {
    checkRequest(entrance, example);
    return;
  }
  if (typeof example.call !== 'function') throw new TypeError(`examples: \`call\` of \`${id}\` is no function.`);
  checkNames(`examples: \`${id}\``, example, ['call', 'answersNothing']);
}

/** @throws TypeError for a request, made by the author, of which a part would be passed over. */
export function checkRequest(entrance: Entrance, request: object): void {
  checkNames(`examples: \`${entrance.id}\``, request, PARTS);
  const { body } = request as { readonly body?: unknown };
  if (entrance.kind !== 'graphql' || body === undefined) return;
  const isOperation = typeof body === 'object' && body !== null && 'query' in body;
  const { route } = entrance;
  if (route?.document === undefined) {
    if (isOperation) return;
    throw new TypeError(
      `examples: \`body\` of \`${entrance.id}\` has to be the operation that reaches it: { query: '{ … }', variables: {} }.`,
    );
  }
  const variables = typeof route.body === 'object' ? route.body?.properties : {};
  if (!isOperation || 'query' in { ...variables, ...route.optionalVariables }) return;
  throw new TypeError(
    `examples: \`body\` of \`${entrance.id}\` has the arguments of the field, by their names, as its operation is known: ` +
      'body: { id: rows.job.id }. Only resolvers that lie deeper take an operation.',
  );
}

/** @throws TypeError for a name that means nothing, which JavaScript would pass over. */
export function checkNames(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${what}: \`${unknown}\` means nothing. There are ${known.join(', ')}.`);
}
