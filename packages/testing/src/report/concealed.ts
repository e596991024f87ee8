import type { Sighting } from '../canaries/canary.js';
import type { SentRequest } from '../http-request.js';
import { curlOf } from './curl.js';
import type { EntranceResult, Evidence, RowChange } from './isolation-report.js';
import {
  concealedExcerpt,
  concealedText,
  isCredential,
  rememberAddresses,
  rememberHeader,
  rememberNamed,
} from './known-secrets.js';
import { isSecretName, markOf, variableOf } from './secret-names.js';
import { partsOf } from './secrets.js';
import { shortened } from './visible-text.js';

type Headers = Readonly<Record<string, string>>;

/**
 * The evidence without what signs somebody in: tokens, cookies, keys and passwords, wherever they stand. In their places are marks
 * such as `‹$TOKEN›`, and the command names variables.
 */
export function concealedEvidence(evidence: Evidence): Evidence {
  const { request, response, changes, sightings, log } = evidence;
  // Everything is learned before anything is replaced: a token of the answer may stand in a line of the log.
  for (const headers of [request?.headers, response?.headers]) rememberAll(headers ?? {});
  rememberQuery(request?.url ?? '');
  for (const text of [request?.body, response?.text, ...log]) {
    rememberAddresses(text ?? '');
    rememberIn(parsed(text ?? ''));
  }
  for (const { before, after } of changes) rememberIn([before, after]);
  for (const { canary } of sightings) rememberIn({ [canary.what]: canary.value });
  const concealed = request && requestOf(request);
  return {
    request: concealed,
    response: response && {
      ...response,
      headers: headersOf(response.headers),
      text: concealedText(response.text),
    },
    sightings: sightings.map(sightingOf),
    log: log.map(concealedText),
    changes: changes.map(changeOf),
    curl: concealed && curlOf(concealed, { secrets: 'variables', address: 'variable' }),
  };
}

/** The result with reasons and lines of code that tell no secret either, and that no message of an error makes too long. */
export function concealedReasons({ why, attacks, unreached, ...result }: EntranceResult): EntranceResult {
  return {
    ...result,
    why: why && reasonOf(why),
    attacks: attacks.map((attack) => ({ ...attack, why: reasonOf(attack.why) })),
    unreached: unreached.map((branch) => ({ ...branch, text: concealedExcerpt(branch.text) })),
  };
}

function reasonOf(why: string): string {
  const concealed = concealedText(why);
  // One that was shortened before, and says so, stays as it is.
  return concealed.length > LONGEST_REASON + 50 ? shortened(concealed, LONGEST_REASON) : concealed;
}

const LONGEST_REASON = 2_000;

function requestOf({ method, url, headers, body }: SentRequest): SentRequest {
  return {
    method,
    url: concealedText(url),
    headers: headersOf(headers),
    body: body === null ? null : concealedText(body),
  };
}

function headersOf(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerOf(name, value)]));
}

function headerOf(name: string, value: string): string {
  if (!isCredential(name) || value === '') return concealedText(value);
  const mark = markOf(variableOf(name));
  // Its attributes tell where a cookie goes.
  if (/^set-cookie2?$/i.test(name)) return value.replaceAll(/(^|, *)([^=;,\s]+)=[^;,]*/g, `$1$2=${mark}`);
  return `${partsOf(name, value).scheme}${mark}`;
}

function sightingOf({ canary, path, excerpt }: Sighting): Sighting {
  const value = isSecretName(canary.what) ? markOf(variableOf(lastOf(canary.what))) : concealedText(canary.value);
  return { canary: { ...canary, value }, path: concealedText(path), excerpt: concealedExcerpt(excerpt) };
}

function changeOf({ table, before, after }: RowChange): RowChange {
  return { table, before: before && rowOf(before), after: after && rowOf(after) };
}

function rowOf(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      isSecretName(column) && value !== null && value !== undefined ? markOf(variableOf(column)) : cellOf(value),
    ]),
  );
}

/** Dates and bytes stay what drivers made of them. */
function cellOf(value: unknown): unknown {
  if (typeof value === 'string') return concealedText(value);
  if (Array.isArray(value)) return value.map(cellOf);
  const isPlain =
    typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return isPlain ? rowOf(value as Readonly<Record<string, unknown>>) : value;
}

function rememberAll(headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) if (isCredential(name)) rememberHeader(name, value);
}

function rememberQuery(url: string): void {
  const query = url.slice(url.indexOf('?') + 1);
  for (const [name, value] of new URLSearchParams(query)) if (isSecretName(name)) rememberNamed(name, value);
}

/** Texts under the name of a secret, at any depth. */
function rememberIn(value: unknown, name = '', within: readonly unknown[] = []): void {
  if (typeof value === 'string' && isSecretName(name)) rememberNamed(lastOf(name), value);
  if (typeof value !== 'object' || value === null || within.includes(value) || ArrayBuffer.isView(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const isOfSecret = isSecretName(name) && typeof item === 'string';
    rememberIn(item, Array.isArray(value) || (isOfSecret && !isSecretName(key)) ? name : key, [...within, value]);
  }
}

const lastOf = (what: string) => what.slice(what.lastIndexOf('.') + 1);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
