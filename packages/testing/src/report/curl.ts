import type { SentRequest } from '../http-request.js';
import { MARK, variableOf } from './secret-names.js';
import { isSecretHeader, partsOf } from './secrets.js';
import { printfOf, shellQuote } from './shell-quote.js';
import { INVISIBLE } from './visible-text.js';

/** Options of {@link curlOf}. */
export interface CurlOptions {
  /**
   * Tokens and cookies as they are, or shell variables for them: `$TOKEN`, `$COOKIE`.
   * @defaultValue `'shown'`
   */
  readonly secrets?: 'shown' | 'variables';
  /**
   * The address as it was, or `$URL` for it: that of a test is gone when its report is read.
   * @defaultValue `'shown'`
   */
  readonly address?: 'shown' | 'variable';
}

/** Headers that curl writes itself, or that are of one connection alone. */
const OWN = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'expect', 'upgrade']);

/** Linux takes no argument of more than 128 KiB. */
const LONGEST_ARGUMENT = 100_000;

/**
 * The command that sends the request again: to the address that it went to, with the `Host` that named the tenant.
 *
 * Safe to paste into a POSIX shell, whatever the request holds.
 *
 * @example
 * ```ts
 * import { curlOf } from '@tenancy/testing';
 *
 * curlOf({
 *   method: 'GET',
 *   url: 'http://127.0.0.1:4711/jobs/7',
 *   headers: { host: 'acme.localhost' },
 *   body: null,
 * });
 * // curl -i http://127.0.0.1:4711/jobs/7 -H 'Host: acme.localhost'
 * ```
 */
export function curlOf(request: SentRequest, { secrets = 'shown', address = 'shown' }: CurlOptions = {}): string {
  const { method, url, headers, body } = request;
  const quoted = (text: string) => (secrets === 'variables' ? withVariables(text) : shellQuote(text));
  const origin = address === 'variable' ? (/^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0] ?? '') : '';
  const to = `${origin === '' ? '' : '"$URL"'}${origin === url ? '' : quoted(url.slice(origin.length))}`;
  const parts = [['curl', '-i', ...methodOf(method, body), to].join(' ')];
  // Curl reads [1-9] and {a,b} as lists, and takes `..` and what follows `#` away.
  if (/[[\]{}]/.test(url)) parts.push('--globoff');
  if (/\/\.\.?(?:[/?#]|$)/.test(url)) parts.push('--path-as-is');
  if (url.includes('#')) parts.push(`--request-target ${quoted(targetOf(url))}`);
  const names = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    names.add(name.toLowerCase());
    if (!OWN.has(name.toLowerCase())) parts.push(`-H ${headerOf(name, value, secrets)}`);
  }
  let input = '';
  if (body !== null && body !== '') {
    // Curl would say that it is a form.
    if (!names.has('content-type')) parts.push("-H 'Content-Type:'");
    if (INVISIBLE.test(body) || body.length > LONGEST_ARGUMENT) {
      input = `${printfOf(Buffer.from(body))} | `;
      parts.push('--data-binary @-');
    } else parts.push(`--data-raw ${quoted(body)}`);
  }
  const line = `${input}${parts.join(' ')}`;
  return line.length <= 76 ? line : `${input}${parts.join(' \\\n  ')}`;
}

function methodOf(method: string, body: string | null): string[] {
  // With a body, curl would make it a POST.
  if (method === 'GET' && !body) return [];
  // With -X HEAD, curl would wait for a body.
  return method === 'HEAD' ? ['--head'] : ['-X', shellQuote(method)];
}

function headerOf(name: string, value: string, secrets: 'shown' | 'variables'): string {
  const title = name.replace(/(?<![A-Za-z0-9])[a-z]/g, (letter) => letter.toUpperCase());
  if (secrets === 'variables' && isSecretHeader(name)) {
    const { scheme } = partsOf(name, value);
    const variable = variableOf(name);
    // The scheme is letters and spaces.
    return /^[\w-]+$/.test(title)
      ? `"${title}: ${scheme}$${variable}"`
      : `${shellQuote(`${title}: ${scheme}`)}"$${variable}"`;
  }
  // An empty value would take the header away.
  if (value === '') return shellQuote(`${title};`);
  const header = `${title}: ${value}`;
  if (secrets === 'variables' && MARK.test(value)) return withVariables(header);
  // Node writes headers in Latin-1, a terminal in UTF-8.
  return shellQuote(header, /[^\0-\xff]/.test(header) ? 'utf8' : 'latin1');
}

/** One argument, in which variables stand for the secrets that were taken out. */
function withVariables(text: string): string {
  // Every second part is the name of a variable.
  const parts = text.split(new RegExp(MARK, 'g')).map((part, n) => {
    if (n % 2 === 1) return `"$${part}"`;
    return part === '' && text !== '' ? '' : shellQuote(part);
  });
  return parts.join('');
}

function targetOf(url: string): string {
  return /^[a-z]+:\/\/[^/?#]*(.*)$/is.exec(url)?.[1] || '/';
}
