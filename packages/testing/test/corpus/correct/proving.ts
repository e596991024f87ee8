// Not a test: `pnpm detection correct` runs it, and prints what is accused or unproven though it is right.
import { env } from 'node:process';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { proveIsolation } from '../../../src/proof/isolation-proof.js';
import type { EntranceResult } from '../../../src/report/isolation-report.js';
import type { Application } from './application.js';
import { applications } from './applications.js';
import { Databases } from './running.js';

/** Proves the applications of this part (`DETECTION_PART=1/2`) whose name has `DETECTION_ONLY` in it. */
export function proveCorrect(write: (line: object) => void): void {
  const [part = 1, of = 1] = (env['DETECTION_PART'] ?? '1/1').split('/').map(Number);
  const only = env['DETECTION_ONLY'] ?? '';
  const all = Object.entries(applications).flatMap(([about, ofThem]) => ofThem.map((one) => ({ about, one })));
  const wanted = all.filter(({ about, one }) => `${about}: ${one.name}`.includes(only));
  describe('correct applications', () => {
    let databases: Databases;
    beforeAll(async () => {
      databases = await Databases.create();
    });
    afterAll(() => databases[Symbol.asyncDispose]());

    it.each(wanted.filter((_, index) => index % of === part - 1))(
      '$one.name',
      async ({ about, one }) => {
        try {
          await prove(databases, about, one, write);
        } catch (error) {
          write({ about, application: one.name, name: '(no proof)', verdict: 'unproven', why: String(error), ms: 0 });
        }
      },
      1_200_000,
    );
  });
}

function prove(databases: Databases, about: string, one: Application, write: (line: object) => void): Promise<unknown> {
  const { examples = {}, exempt = {}, name: application } = one;
  return databases.running(one, (harness) => {
    let requests = 0;
    harness.server.on('request', () => requests++);
    const onResult = ({ entrance, verdict, why, attacks, milliseconds }: EntranceResult) => {
      const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
      const reasons = failed.map((each) => `${each.attack}: ${each.why}`);
      write({
        about,
        application,
        name: entrance.id,
        verdict,
        why: why ?? reasons.join(' | '),
        ms: Math.round(milliseconds),
        requests,
        evidence: failed.map(({ evidence }) => evidence),
      });
      requests = 0;
    };
    return proveIsolation(harness, { examples, exempt, onResult });
  });
}
