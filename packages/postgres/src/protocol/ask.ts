import type { ClientBase } from 'pg';
import { AS_TEXT } from './as-text.js';

/** A row whose columns are texts, as PostgreSQL sends them: `t` and `f` for a boolean. */
export type TextRow<Column extends string> = Readonly<Record<Column, string | null>>;

/** The rows of a query of our own, whatever the application has made of the parsers of types. */
export async function ask<Column extends string>(
  client: ClientBase,
  text: string,
  values: unknown[] = [],
): Promise<readonly TextRow<Column>[]> {
  const { rows } = await client.query<TextRow<Column>>({ text, values, types: AS_TEXT });
  return rows;
}

/** True where a query has one row, whose column `answer` is true. */
export async function isTrue(client: ClientBase, text: string, values: unknown[] = []): Promise<boolean> {
  const [row] = await ask<'answer'>(client, text, values);
  return row?.answer === 't';
}
