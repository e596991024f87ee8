import { appendFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { type Finding, printFinding } from '../../../../test/oracle/outcome.js';
import { isMariadbThere } from '../database/mariadb.js';
import { runOracle } from './run.js';
import { SETTINGS } from './sides.js';

const { env } = process;
const SEED = Number(env['FUZZ_SEED'] ?? 4);
const OPERATIONS = Number(env['FUZZ_OPERATIONS'] ?? 48);
const SCHEMAS = Number(env['FUZZ_SCHEMAS'] ?? 4);
const MINUTES = Number(env['FUZZ_MINUTES'] ?? 30);
const chosen = SETTINGS.filter((setting) => !env['FUZZ_SETTING'] || env['FUZZ_SETTING'] === setting);

describe('random schemas', () => {
  it(
    'a scoped data source answers as a database of the tenant alone, whatever the schema and however writes are combined',
    async () => {
      const findings: Finding[] = [];
      const tally = await runOracle({
        seed: SEED,
        settings: chosen.filter((setting) => setting !== 'MariaDB' || isMariadbThere),
        schemas: SCHEMAS,
        operations: OPERATIONS,
        until: Date.now() + MINUTES * 60_000,
        postgresUrl: inject('postgresUrl'),
        onFinding: (finding) => {
          findings.push(finding);
          if (env['FUZZ_LOG']) appendFileSync(env['FUZZ_LOG'], `${printFinding(finding)}\n\n`);
        },
      });
      if (env['FUZZ_OPERATIONS']) console.log(`seed ${SEED}, ${SCHEMAS} schemas\n${tally}`);
      expect(findings.map(printFinding)).toEqual([]);
    },
    4 * 3_600_000,
  );
});
