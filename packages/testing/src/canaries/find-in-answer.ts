import type { HttpAnswer } from '../http-request.js';
import type { Canary, Sighting } from './canary.js';
import { findCanaries } from './find-canaries.js';

/**
 * Finds each of `canaries` in an answer: in the body (`$.items[0].title`), in a header (`header location`), and in
 * the text where parsing has hidden it (`text`).
 */
export function findInAnswer(
  answer: Pick<HttpAnswer, 'statusText' | 'headers' | 'body' | 'text' | 'unpacked'>,
  canaries: readonly Canary[],
): Sighting[] {
  const inBody = findCanaries(answer.body, canaries);
  const seen = new Set(inBody.map(({ canary }) => canary));
  const inHeaders = Object.entries(answer.headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => findCanaries(one, canaries, `header ${name}`)),
  );
  const inStatus = findCanaries(answer.statusText ?? '', canaries, 'phrase of the status');
  // A key that comes twice, or a number too long for JavaScript: parsing loses one of them.
  const inText = answer.body === answer.text ? [] : findCanaries(answer.text, canaries, 'text');
  const packed = findCanaries(answer.unpacked ?? '', canaries, 'packed in the body');
  return [...inStatus, ...inBody, ...inHeaders, ...inText.filter(({ canary }) => !seen.has(canary)), ...packed];
}
