/**
 * Spreads JSON over lines, without changing it: a key that stands there twice and a number too long for JavaScript stay
 * as they were sent. Anything else than JSON is answered as it is.
 */
export function indentJson(text: string): string {
  if (!/^\s*[[{]/.test(text) || text.length > LONGEST || !isJson(text)) return text;
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return text.replaceAll(TOKEN, (token, string: string | undefined) => {
    if (string !== undefined) return token;
    if (/^\s/.test(token)) return '';
    if (token === '{' || token === '[') {
      depth += 1;
      return `${token}${line()}`;
    }
    if (token === '}' || token === ']') {
      depth -= 1;
      return `${line()}${token}`;
    }
    if (token === ',') return `,${line()}`;
    return token === ':' ? ': ' : token.replace(/^([[{])\s*([\]}])$/, '$1$2');
  });
}

const LONGEST = 200_000;

/** Strings whole, so that what is inside of them is left alone; empty lists and objects; punctuation; space. */
const TOKEN = /("(?:[^"\\]|\\.)*")|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/gs;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
