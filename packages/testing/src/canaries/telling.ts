/**
 * True when a value tells whose it is when it is seen: long and odd enough that nobody has it by chance. Words of an
 * enumeration, small numbers, dates, versions, colours and media types are not.
 */
export function isTelling(value: string): boolean {
  const text = value.trim();
  if (text.length < SHORTEST) return false;
  if (DECIMAL.test(text)) return isTellingNumber(text);
  if (DATE.test(text) || COLOUR.test(text) || VERSION.test(text)) return false;
  if (text.includes('@') || text.includes('://')) return true;
  const hasLetter = /\p{L}/u.test(text);
  const digits = text.replaceAll(/\D/g, '').length;
  if (!hasLetter) return digits >= 8;
  if (digits > 0) return text.length >= 6 && !/^\p{L}+[-_ ]?\d{1,2}$/u.test(text);
  const words = text.split(/\s+/);
  // One word: `open`, `in_progress`, `Europe/Berlin`, `application/pdf`; or random letters, which are long.
  if (words.length === 1) return text.length >= 20 && /^\p{L}+$/u.test(text);
  return text.length >= 12;
}

/** The length of the shortest text that can be looked for: a shorter one would be found everywhere. */
export const SHORTEST = 4;

export const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const DATE = /^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?)?)?$/;
const COLOUR = /^#[0-9a-f]{3,8}$/i;
const VERSION = /^v?\d+(\.\d+)+$/i;

function isTellingNumber(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  // 60000 is a salary that many have; 61837 is not.
  const significant = digits.replace(/^0+/, '').replace(/0+$/, '');
  return digits.length >= 5 && significant.length >= 3 && !isAboutNow(Number(text));
}

/** A time of these days, in seconds or milliseconds. */
function isAboutNow(number: number): boolean {
  const days = (milliseconds: number) => Math.abs(Date.now() - milliseconds) / 86_400_000;
  return Number.isFinite(number) && (days(number) < 400 || days(number * 1000) < 400);
}
