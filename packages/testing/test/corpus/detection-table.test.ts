import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corpus } from './corpus.js';
import type { Twins } from './leak.js';
import { unseen } from './unseen.js';
import record from './unseen.record.json' with { type: 'json' };

const all = corpus.flatMap(({ leaks }) => leaks);

function tableOf({ about, leaks }: Twins): string {
  const rows = leaks.map(({ name, entrance, caughtBy }) => [
    name,
    `\`${entrance}\``,
    (caughtBy ?? []).map((attack) => `\`${attack}\``).join(', '),
  ]);
  return [`## ${about}`, '', aligned([['leak', 'at', 'caught by'], ...rows])].join('\n');
}

/** As the formatter has tables. */
function aligned([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, n) => Math.max(...[head, ...rows].map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0, fill)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n');
}

const ATTACKS = [
  ['attack', 'what is tried'],
  ['`own`', "the tenant's own request, whose answer, log and exits hold nothing of the other's"],
  ['`no-tenant`', 'neither host nor token name a tenant'],
  ['`other-host`', "the tenant's token on the other's host"],
  ['`foreign-id`', "the other's ids in path, query, body and nested fields"],
  ['`existence`', "whether an id of the other's is answered as one that nobody has"],
  ['`tenant-field`', "a tenant field of the other's in query and body, tables and packed bodies included"],
  ['`inputs`', 'what may be left out: flags, filters, formats, arguments, headers; unsigned tokens opened'],
  ['`tenant-header`', 'unsigned headers that name the other'],
  ['`warm-cache`', 'the other has just asked for the same'],
  ['`interference`', "the other's rows change, and the answer does not"],
  ['`interleaved`', 'both at once, over and over'],
  ['`overheard`', 'the other works while the tenant listens'],
  ['`situations`', 'the other hangs up or fails half-way, or the tenant fails where the other did not'],
  ['`answer-headers`', "what caches and pages of the other's origin are allowed"],
  ['`worlds`', 'fresh applications, in which the other called first, or never, or both at once'],
];

/** Verdicts that `pnpm detection unseen --record` wrote down. */
const recorded = record as {
  readonly leaks: readonly {
    readonly about: string;
    readonly name: string;
    readonly verdict: string;
    readonly by: string[];
  }[];
  readonly correct: Readonly<Record<string, number>>;
};

function countOf(verdict: string, about?: string): number {
  return recorded.leaks.filter((leak) => leak.verdict === verdict && (about === undefined || leak.about === about))
    .length;
}

/** By groups, with those that were not caught by name. */
function unseenTable(): string {
  const groups = unseen.map(({ about, leaks }) => [
    about,
    ...[leaks.length, countOf('leaks', about), countOf('unproven', about), countOf('proven', about)].map(String),
  ]);
  return aligned([['group', 'leaks', 'caught', 'unproven', 'not seen'], ...groups]);
}

function notCaught(): string {
  const left = recorded.leaks.filter(({ verdict }) => verdict !== 'leaks');
  return left
    .map(({ about, name, verdict }) => `- ${verdict === 'unproven' ? 'unproven' : '**not seen**'}: ${name} (${about})`)
    .join('\n');
}

const page = `# What the proof detects

${all.length} small applications, each with one leak, beside correct twins that differ from them in that alone. Tests hold that
each leak is real (tried by hand), that \`proveIsolation\` finds it by these attacks, and that every entrance of the correct
twins is proven. They are in [packages/testing/test/corpus](../packages/testing/test/corpus/corpus.ts), and this page is made from
them: \`npx vitest run --config vitest.workspace.ts --project testing packages/testing/test/corpus/detection-table.test.ts -u\`.

${aligned(ATTACKS)}

## Leaks written without knowing the attacks

${recorded.leaks.length} more, in ${unseen.length} groups, by somebody who had read the README alone. A test tries each by hand; \`pnpm detection unseen --record\`
runs the proof against them, which takes half an hour, and writes down what it saw: **${countOf('leaks')} caught, ${countOf('unproven')} unproven, ${countOf('proven')} not
seen**. Of the ${Object.values(recorded.correct).reduce((sum, count) => sum + count, 0)} entrances of their correct twins, ${recorded.correct['leaks'] ?? 0} were accused, and ${recorded.correct['unproven'] ?? 0} unproven: those want an example, or to be
told why they answer nothing, as the report says.

${unseenTable()}

${notCaught()}

The leaks that the tests hold, by name:

${corpus.map(tableOf).join('\n\n')}
`;

describe('the table of what is detected', () => {
  it('is the page in the docs', async () => {
    await expect(page).toMatchFileSnapshot(resolve(import.meta.dirname, '../../../../docs/detection.md'));
  });

  it('has what was recorded of each leak that was written without knowing the attacks', () => {
    const names = unseen.flatMap(({ about, leaks }) => leaks.map(({ name }) => `${about}: ${name}`));
    expect(recorded.leaks.map(({ about, name }) => `${about}: ${name}`).toSorted()).toEqual(names.toSorted());
  });

  it('names each leak once, and more than 40', () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(40);
  });
});
