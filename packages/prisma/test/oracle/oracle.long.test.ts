import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../src/schema/read-schema.js';
import { compare, print, type Verdict } from './compare.js';
import { openSides, type Setting, type Sides } from './databases.js';
import { randomWork, type Work } from './operations.js';
import { actors } from './rows.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
const OPERATIONS = Number(process.env['FUZZ_OPERATIONS'] ?? 250);

/** Work that is refused too often proves nothing. */
const ANSWERED = 0.4;

describe.each<Setting>(['PostgreSQL', 'PostgreSQL with the floor', 'SQLite'])('%s', (setting) => {
  let sides: Sides | undefined;
  afterAll(() => sides?.stop());

  it("answers as a database of the tenant alone, or refuses; and leaves the others' rows as they are", async () => {
    const opened = (sides ??= await openSides(setting));
    const schema = readSchema([...opened.alone.values()][0]?.client as object);
    const verdicts = new Map<string, Map<Verdict, number>>();
    await fc.assert(
      fc.asyncProperty(randomWork(schema, actors), async (work) => {
        const verdict = await compare(opened, work);
        const name =
          work.transaction === 'none' ? (work.operations[0]?.operation ?? '') : `$transaction (${work.transaction})`;
        const counts = verdicts.get(name) ?? new Map<Verdict, number>();
        verdicts.set(name, counts.set(verdict, (counts.get(verdict) ?? 0) + 1));
      }),
      { seed: SEED, numRuns: OPERATIONS, reporter: reported },
    );
    const total = (verdict: Verdict) =>
      [...verdicts.values()].reduce((sum, counts) => sum + (counts.get(verdict) ?? 0), 0);
    if (process.env['FUZZ_OPERATIONS']) console.log(table(setting, verdicts));
    expect(total('same answer') / OPERATIONS).toBeGreaterThan(ANSWERED);
  }, 3_600_000);
});

function reported(details: fc.RunDetails<[Work]>): void {
  if (!details.failed) return;
  const [work] = details.counterexample ?? [];
  throw new Error(
    `seed ${details.seed}, path ${JSON.stringify(details.counterexamplePath)}, after ${details.numRuns} operations.\n` +
      `The smallest that fails: ${work ? print(work) : 'none'}\n\n${String(details.errorInstance)}`,
  );
}

function table(setting: Setting, verdicts: ReadonlyMap<string, ReadonlyMap<Verdict, number>>): string {
  const columns: readonly Verdict[] = [
    'same answer',
    'same error',
    'both refused',
    'refused by the scope',
    'refused by the database',
    'beyond the oracle',
  ];
  const rows = [...verdicts]
    .sort()
    .map(([name, counts]) => [name, ...columns.map((column) => counts.get(column) ?? 0)]);
  const sums = columns.map((_, index) => rows.reduce((sum, row) => sum + Number(row[index + 1]), 0));
  const lines = [[`${setting}, seed ${SEED}`, ...columns], ...rows, ['all', ...sums]];
  return lines.map((line) => line.map((cell, index) => String(cell).padEnd(index === 0 ? 44 : 24)).join('')).join('\n');
}
