import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { KnownTexts } from './known-texts.js';
import { MARK, refusedSql } from './refused-sql.js';

/** Stands for the mark of a nested statement while its text is the application's. It says nothing by itself. */
const WITHIN = `/*${randomUUID()}*/`;
const KEY = randomBytes(32);

/** As long as a mark, with a digest of what follows, and how much of it. */
const SEAL = /\/\*([0-9a-f]{24})-([0-9a-f]{11})\*\//g;
/** The text that the application may write behind a nested statement. `OR …` would go on with its conditions. */
const FOLLOWS = /^\s*(?:$|\)|(?:union|intersect|except|group|having|order|limit|offset|fetch|for)\b)/i;

const digests = new KnownTexts((text) => createHmac('sha256', KEY).update(text).digest('hex').slice(0, 24));

/**
 * T7: a generated statement for the application to nest, which the one around it knows again as long as its text is what it was.
 *
 * @param sql - with its marks, and in brackets if it is a sub-query.
 */
export function sealed(sql: string): string {
  const isInBrackets = sql.startsWith('(');
  const text = (isInBrackets ? sql.slice(1, -1) : sql).replaceAll(MARK, WITHIN);
  const seal = `/*${digests.of(text)}-${text.length.toString(16).padStart(11, '0')}*/`;
  return isInBrackets ? `(${seal}${text})` : `${seal}${text}`;
}

/**
 * A statement with what was nested in it marked as generated.
 *
 * @throws `scope_refused` where the text of that was changed, or goes on.
 */
export function unsealed(sql: string): string {
  let text = '';
  let end = 0;
  for (const { 0: seal, 1: digest, 2: length, index } of sql.matchAll(SEAL)) {
    const from = index + seal.length;
    const to = from + Number.parseInt(length as string, 16);
    const nested = sql.slice(from, to);
    if (index < end || digests.of(nested) !== digest || !FOLLOWS.test(sql.slice(to))) {
      throw refusedSql(
        'the text of a nested query was changed after `getQuery()`, or goes on behind it',
        'Add the condition to its builder, and put its text in brackets',
      );
    }
    text += sql.slice(end, index) + nested.replaceAll(WITHIN, MARK);
    end = to;
  }
  return end === 0 ? sql : text + sql.slice(end);
}
