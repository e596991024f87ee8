import { quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import type { TablePair } from './row-source.js';
import type { Sides } from './transfer.js';

interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly last: string | null;
  readonly next: string;
  readonly step: string;
}

const SEQUENCES = `select schemaname as schema, sequencename as name, last_value::text as last, increment_by::text as step,
    coalesce(last_value + increment_by, start_value)::text as next
  from pg_sequences where schemaname = any ($1)`;

/** Numbers that are taken one by one: others who take some at the same moment never get one twice. */
const ONE_BY_ONE = 1_000;

/** Brings each sequence of the target to where that of the source is (O33), and never back: one beside others' rows may be ahead. */
export async function forwardSequences({ source, target }: Sides, pairs: readonly TablePair[]): Promise<void> {
  const [from, to] = await Promise.all([
    readJson<Sequence>(source, SEQUENCES, [[...new Set(pairs.map((pair) => pair.from.schema))]]),
    readJson<Sequence>(target, SEQUENCES, [[...new Set(pairs.map((pair) => pair.to.schema))]]),
  ]);
  for (const sequence of to) {
    const last = from.find(({ name }) => name === sequence.name)?.last ?? null;
    if (last === null) continue;
    // Steps from the number that is next to the one behind the last of the source.
    const [ahead, step] = [BigInt(last) - BigInt(sequence.next), BigInt(sequence.step)];
    const count = ahead / step + 1n;
    if (ahead * step < 0n) continue;
    const name = quoteLiteral(quoteQualified(sequence));
    await ask(
      target,
      count > ONE_BY_ONE
        ? `select setval(${name}, ${last})`
        : `select max(nextval(${name})) from generate_series(1, ${count})`,
    );
  }
}
