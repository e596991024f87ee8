// Not a test: `pnpm detection` runs it, and prints which leaks are caught, which are unproven, and which correct entrances are
// accused, for all attacks together.
import { appendFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, it } from 'vitest';
import type { Entrance } from '../../src/discovery/entrance.js';
import { IsolationProof, proveIsolation } from '../../src/proof/isolation-proof.js';
import type { EntranceResult } from '../../src/report/isolation-report.js';
import { corpus } from './corpus.js';
import { proveCorrect } from './correct/proving.js';
import { measureCosts } from './costs.js';
import { applicationsOf } from './describe-leaks.js';
import { fresh } from './fresh.js';
import { leakyParts } from './hiring-application.js';
import { unseen } from './unseen.js';

const out = env['DETECTION'] as string;
const write = (line: object) => appendFileSync(out, `${JSON.stringify(line)}\n`);

const of = env['DETECTION_OF'];
if (of === 'correct') proveCorrect(write);
if (of === 'costs') measureCosts(write);
const twinsOf = { correct: [], costs: [], corpus, fresh, unseen };
for (const twins of twinsOf[of as keyof typeof twinsOf] ?? unseen) {
  describe(twins.about, () => {
    const running = applicationsOf(twins);
    const { about, correct, examples = {}, exempt = {}, leaks } = twins;
    it('correct twin', () =>
      running(correct, async (harness) => {
        const began = Date.now();
        const report = await proveIsolation(harness, { examples, exempt });
        for (const { entrance, verdict, why, attacks } of report.entrances) {
          const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
          const reasons = failed.map((each) => `${each.attack}: ${each.why}`);
          write({ about, twin: 'correct', name: entrance.id, verdict, why: why ?? reasons.join(' | ') });
        }
        write({
          about,
          twin: 'time',
          name: 'correct twin',
          ms: Date.now() - began,
          entrances: report.entrances.length,
        });
      }));
    it.each(leaks)('$name', (leak) =>
      running(leakyParts(correct, leak), async (harness) => {
        const known = <T>(given: Readonly<Record<string, T>>) =>
          Object.fromEntries(Object.entries(given).filter(([id]) => harness.entrances.some((each) => each.id === id)));
        const proof = new IsolationProof(harness, { examples: known(examples), exempt: known(exempt) });
        const entrance = harness.entrances.find(({ id }) => id === leak.entrance) as Entrance;
        await proof.prove(entrance);
        const { entrances } = await proof.report();
        // What is written at one entrance may come to light at another.
        const { verdict, why, attacks, milliseconds } = (entrances.find((each) => each.verdict === 'leaks') ??
          entrances.find((each) => each.entrance === entrance)) as EntranceResult;
        const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
        const by = failed.map((each) => each.attack);
        const reasons = failed.map((each) => `${each.attack}: ${each.why}`).slice(0, 3);
        write({
          about,
          twin: 'leaky',
          worlds: attacks.find((each) => each.attack === 'worlds')?.why,
          name: leak.name,
          verdict,
          by,
          ms: milliseconds,
          why: why ?? reasons.join(' | '),
        });
      }),
    );
  });
}
