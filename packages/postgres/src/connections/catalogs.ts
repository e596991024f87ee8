import { escapeLiteral, type QueryResult } from 'pg';
import type { Queryable } from '../doctor/diagnosis/rule.js';
import { TEXT_AS_TEXT } from '../protocol/as-text.js';
import type { BoundClient } from './bound-client.js';

/** PostgreSQL would compile the large expressions of a check, which takes ten times as long as to run them. */
const INTERPRETED = 'set local jit = off; ';

/**
 * The catalogs, as the start-up checks ask them, whatever type parsers and formats the application has for its own rows.
 *
 * The setting is in one message with the question, and ends with it: a pooler that gives out servers by statement refuses transactions.
 * Such a message has no parameters.
 */
export function catalogsOf(client: BoundClient): Queryable {
  return {
    async query(text, values = []) {
      const literals = values.map(literalOf);
      if (!literals.every((literal) => literal !== undefined)) {
        return client.query({ text, values, types: TEXT_AS_TEXT });
      }
      const written = text.replace(/\$(\d+)/g, (parameter, number) => literals[number - 1] ?? parameter);
      const [, answer] = (await client.query({ text: INTERPRETED + written, types: TEXT_AS_TEXT })) as QueryResult[];
      return answer as QueryResult;
    },
  };
}

function literalOf(value: unknown): string | undefined {
  if (typeof value === 'string') return escapeLiteral(value);
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) return undefined;
  return escapeLiteral(`{${value.map((entry) => `"${entry.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`);
}
