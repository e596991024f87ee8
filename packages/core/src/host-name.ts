import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';

/** At most 65535, or none behind the colon (RFC 3986, section 3.2.3). */
const PORT = String.raw`(?::(?:\d{0,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?`;
const HOST = new RegExp(String.raw`^([a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*)\.?${PORT}$`);
const IPV6 = new RegExp(String.raw`^\[[0-9a-f:.]+\]${PORT}$`);
const MAX_LENGTH = 253;

/**
 * The name in a `Host` value: lower case, without port and trailing dot.
 *
 * `''` when it names no domain (absent, or an IP address), `null` when it is malformed.
 */
export function parseHost(value: string | undefined): string | null {
  if (!value) return '';
  const host = value.toLowerCase();
  const name = HOST.exec(host)?.[1];
  if (name === undefined) return IPV6.test(host) ? '' : null;
  if (name.length > MAX_LENGTH) return null;
  // An address ends in a digit and a domain hardly ever does, which spares it the comparison.
  return name.charCodeAt(name.length - 1) <= NINE && isIPv4(name) ? '' : name;
}

/** `domain` as `parseHost` gives it for requests: lower case, punycode, no dot at its end. `null` for what is no domain name. */
export function domainName(domain: unknown): string | null {
  if (typeof domain !== 'string' || domain.startsWith('.') || /[:/*@\s]/.test(domain)) return null;
  return parseHost(domainToASCII(domain)) || null;
}

const NINE = '9'.charCodeAt(0);
