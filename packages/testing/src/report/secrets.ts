import { MARK } from './secret-names.js';

/** Headers that sign somebody in, in requests as in responses. */
const SECRET = /^(proxy-)?authorization$|^(set-)?cookie2?$|token|secret|api-?key|signature|session|password/i;

export function isSecretHeader(name: string): boolean {
  return SECRET.test(name);
}

/** `Bearer eyJhbGci…`: enough to tell two tokens apart, and never more than a third of one. */
export function redacted(name: string, value: string): string {
  if (/^set-cookie$/i.test(name)) {
    return value.replace(/^([^=;]*=)([^;]*)/, (_, cookie: string, secret: string) => `${cookie}${beginning(secret)}`);
  }
  const { scheme, secret } = partsOf(name, value);
  return `${scheme}${beginning(secret)}`;
}

/** The scheme is no secret: `Bearer `, or nothing. */
export function partsOf(name: string, value: string): { readonly scheme: string; readonly secret: string } {
  const scheme = /^(proxy-)?authorization$/i.test(name) ? (/^[A-Za-z][\w-]* +(?=\S)/.exec(value)?.[0] ?? '') : '';
  return { scheme, secret: value.slice(scheme.length) };
}

/** Removes the secrets of `headers` from any text in which they turn up again: a log line, an answer that echoes them. */
export function withoutSecrets(headers: Readonly<Record<string, string>>): (text: string) => string {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!isSecretHeader(name)) continue;
    secrets.push(partsOf(name, value).secret);
    if (/cookie/i.test(name)) secrets.push(...value.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim()));
  }
  // Shorter ones would blot out what is no secret. The longest first, so that no remainder of one stays.
  const long = secrets.filter((secret) => secret.length >= 12).sort((one, other) => other.length - one.length);
  return (text) => long.reduce((left, secret) => left.replaceAll(secret, beginning(secret)), text);
}

function beginning(secret: string): string {
  if (MARK.test(secret)) return secret;
  return `${secret.slice(0, Math.min(8, Math.floor(secret.length / 3)))}…`;
}
