import { inspect } from 'node:util';
import { isVolatileHeader } from '../harness/volatile-headers.js';
import { type Difference, showDifferences } from './difference.js';
import { checkArrived, type ParsedResponse, type Seen, seenOf } from './response.js';
import type { Verdict } from './verdict.js';

/** Headers that count down with each answer, and say nothing about whether a row exists. */
const COUNTED = /^((x-)?ratelimit-.*|retry-after)$/i;

/**
 * Passes when a caller cannot tell two responses apart: status, headers and body are the same, but for what each repeats of
 * its own request. An id of another tenant has to be answered as one that nobody has.
 *
 * @throws TypeError for what is not a response, and for the same response twice.
 * @example
 * ```ts
 * import { answersAlike } from '@tenancy/testing';
 *
 * const missing = { status: 404, headers: {}, body: { message: 'Not Found' } };
 * const { pass } = answersAlike({ status: 403, headers: {}, body: { message: 'Forbidden' } }, missing); // false
 * ```
 */
export function answersAlike(response: ParsedResponse, other: ParsedResponse): Verdict {
  const [one, two] = [response, other].map((each) => {
    checkArrived('toAnswerLike', each);
    const seen = seenOf(each);
    if (!seen) throw new TypeError('toAnswerLike needs two responses, each with `status`, `headers` and `body`.');
    return seen;
  }) as [Seen, Seen];
  if (response === other) throw new TypeError('toAnswerLike was given the same response twice, which says nothing.');
  const [mine, theirs] = [described(one, pathOf(response)), described(two, pathOf(other))];
  const differences = [...new Set([...theirs.keys(), ...mine.keys()])].flatMap((path): Difference[] => {
    const [found, expected] = [mine.get(path) ?? 'nothing', theirs.get(path) ?? 'nothing'];
    return found === expected ? [] : [{ path, expected, found }];
  });
  return {
    pass: differences.length === 0,
    message: () =>
      differences.length === 0
        ? 'Expected the responses to differ, and a caller cannot tell them apart.'
        : `Expected two responses that a caller cannot tell apart.\n\n${showDifferences(differences)}`,
  };
}

function described(seen: Seen, path: string | null): Map<string, string> {
  const places = new Map([['status', String(seen.status)]]);
  // An error that names its own path says nothing that the caller did not know.
  const words = path?.split(/[/?&=]/).filter((word) => word.length >= 2) ?? [];
  const masked = (value: unknown) =>
    words.reduce((text, word) => text.replaceAll(word, '…'), inspect(value, { depth: null, sorted: true }));
  for (const [name, value] of Object.entries(seen.headers)) {
    if (!isVolatileHeader(name) && !COUNTED.test(name)) places.set(`header ${name.toLowerCase()}`, masked(value));
  }
  places.set('body', masked(seen.body));
  return places;
}

/** Of the harness's answers and of supertest's. */
function pathOf(response: ParsedResponse): string | null {
  const { request } = response as { readonly request?: { readonly url?: unknown } };
  if (typeof request?.url !== 'string') return null;
  const { pathname, search } = new URL(request.url, 'http://localhost');
  return decodeURIComponent(`${pathname}${search}`);
}
