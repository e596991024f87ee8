import { DECIMAL } from './telling.js';

/** A text to look for, and what may stand around it. */
export interface Needle {
  /** In lower case. */
  readonly text: string;
  /** Of a short word and of a number: neither letter nor digit may touch it. `acme` is not in `pharmacmed`. */
  readonly isBounded: boolean;
}

/** Every form in which `value` may appear in a body, a header, a log line or a URL. */
export function needlesOf(value: string): Needle[] {
  const isNumber = DECIMAL.test(value);
  const isShort = value.length < 8;
  const needles = new Map<string, Needle>();
  const add = (text: string, isBounded: boolean) => {
    const lower = text.toLowerCase();
    if (lower.length >= GRAM && !needles.has(lower)) needles.set(lower, { text: lower, isBounded });
  };
  const written = [value, ...escapes(value)];
  if (UUID.test(value)) written.push(value.replaceAll('-', ''));
  for (const text of written) add(text, isNumber || isShort);
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  if (hex.length >= 8) add(hex, isShort);
  for (const alphabet of ['base64', 'base64url'] as const) {
    const whole = bytes.toString(alphabet).replaceAll('=', '');
    if (whole.length >= 6) add(whole, whole.length < 12);
    // Inside something that was encoded as a whole, such as a cursor: three alignments, each without its blurred ends.
    for (const offset of [0, 1, 2]) {
      const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
      const from = Math.ceil((offset * 8) / 6);
      const to = Math.floor((shifted.length * 8) / 6);
      const middle = shifted.toString(alphabet).slice(from, to);
      if (middle.length >= 10) add(middle, false);
    }
  }
  return [...needles.values()];
}

/** Needles are indexed by their first characters, so none may be shorter. */
export const GRAM = 4;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function escapes(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value.toWellFormed());
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return [
    json,
    json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    json.replaceAll('/', '\\/'),
    url,
    url.replaceAll('%20', '+'),
    encodeURI(value.toWellFormed()),
    html,
    html.replaceAll("'", '&#39;'),
    html.replaceAll("'", '&#x27;'),
    html.replaceAll("'", '&apos;'),
    // CSV doubles quotes, SQL doubles apostrophes.
    value.replaceAll('"', '""'),
    value.replaceAll("'", "''"),
  ];
}
