import { inspect } from 'node:util';

/** A response as the harness, supertest, `fastify.inject` or a client of your own gives it. */
export interface ParsedResponse {
  readonly status?: number;
  readonly statusCode?: number;
  readonly headers?: object;
  readonly body?: unknown;
  readonly text?: string;
}

/** The parts of a response that a caller sees. Anything else, such as the request that supertest keeps, is the caller's own. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
  readonly text: string;
}

/** The part of `value` that a caller sees, when it is a response; null for anything else, such as a body. */
export function seenOf(value: unknown): Seen | null {
  if (typeof value !== 'object' || value === null) return null;
  if (value instanceof Response) {
    throw new TypeError(
      'A matcher cannot wait for the body of a `Response`. Pass what `await response.json()` answers.',
    );
  }
  // supertest calls the status both; a row may have a `status`, but no headers.
  const { status, statusCode, headers, body, text } = value as ParsedResponse & { readonly headers?: unknown };
  const code = typeof status === 'number' ? status : statusCode;
  if (typeof code !== 'number' || typeof headers !== 'object' || headers === null) return null;
  const parsed = typeof body === 'string' ? parsedJson(body) : body;
  return {
    status: code,
    headers: headers as Seen['headers'],
    body: parsed,
    text: typeof text === 'string' ? text : typeof body === 'string' ? body : JSON.stringify(body ?? null),
  };
}

/** @throws TypeError for what a test is meant to wait for. */
export function checkArrived(matcher: string, value: unknown): void {
  if (typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function') {
    throw new TypeError(`${matcher} was given a promise. Wait for it: \`expect(await …)\`.`);
  }
  if (value === undefined) {
    throw new TypeError(`${matcher} was given undefined, in which there is nothing to see. Is the name right?`);
  }
  if (typeof value === 'function') {
    throw new TypeError(`${matcher} was given the function ${inspect(value)}. Pass what it answers.`);
  }
}

/** `fastify.inject` gives the body as it came. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
