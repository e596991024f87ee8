/** True for an object as JSON has it: no list, no form, no bytes. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** A body with an operation and its variables. */
export interface GraphqlBody extends Readonly<Record<string, unknown>> {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export function isGraphql(body: unknown): body is GraphqlBody {
  return isPlain(body) && typeof body['query'] === 'string' && isPlain(body['variables']);
}
