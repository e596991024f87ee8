import type { ClientBase } from 'pg';
import { quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { nameOnBothSides, type TablePair } from './row-source.js';
import type { Sides } from './transfer.js';

/** A sequence, with its numbers as text. */
export interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly last: string | null;
  readonly next: string;
  readonly step: string;
  readonly most: string;
}

const SEQUENCES = `select schemaname as schema, sequencename as name, last_value::text as last, increment_by::text as step,
    max_value::text as most,
    coalesce(last_value + increment_by, start_value)::text as next
  from pg_sequences where schemaname = any ($1)`;

/** Numbers that are taken one by one: others who take some at the same moment never get one twice. */
const ONE_BY_ONE = 1_000;

/** The last number that was drawn from each sequence of some schemas, by its name; those that were never used are not among them. */
export async function lastNumbers(
  client: ClientBase,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const sequences = await readJson<Sequence>(client, SEQUENCES, [schemas]);
  return new Map(sequences.flatMap(({ name, last }) => (last === null ? [] : [[name, last]])));
}

/** The sequences of some schemas. */
export function sequencesOf(client: ClientBase, schemas: readonly string[]): Promise<readonly Sequence[]> {
  return readJson<Sequence>(client, SEQUENCES, [schemas]);
}

/** Schemas of some tables, each once. */
export function schemasOf(tables: readonly { readonly schema: string }[]): readonly string[] {
  return [...new Set(tables.map(({ schema }) => schema))];
}

/** Brings each sequence of the target to where that of the source is (O33), and never back: one beside others' rows may be ahead. */
export async function forwardSequences({ source, target }: Sides, pairs: readonly TablePair[]): Promise<void> {
  const [from, to] = [pairs.map((pair) => pair.from), pairs.map((pair) => pair.to)];
  const nameOf = nameOnBothSides(from, to);
  const lasts = new Map(
    (await sequencesOf(source, schemasOf(from))).map((sequence) => [nameOf(sequence), sequence.last]),
  );
  for (const sequence of await sequencesOf(target, schemasOf(to))) {
    await forward(target, sequence, lasts.get(nameOf(sequence)) ?? null);
  }
}

/** Brings a sequence behind `last`, and never back. */
export async function forward(client: ClientBase, sequence: Sequence, last: string | null): Promise<void> {
  if (last === null) return;
  // Steps from the number that is next to the one behind the last of the source.
  const [ahead, step] = [BigInt(last) - BigInt(sequence.next), BigInt(sequence.step)];
  const count = ahead / step + 1n;
  if (ahead * step < 0n) return;
  const name = quoteLiteral(quoteQualified(sequence));
  await ask(
    client,
    count > ONE_BY_ONE
      ? `select setval(${name}, ${last})`
      : `select max(nextval(${name})) from generate_series(1, ${count})`,
  );
}
