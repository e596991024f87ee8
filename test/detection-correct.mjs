// `pnpm detection correct [--runs 3] [--only TEXT] [--json FILE]`: the proof of each application that keeps its tenants apart. Prints
// which entrances are accused, which are unproven, and what differs between runs.
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verdictsOf } from './verdicts.mjs';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    runs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    parts: { type: 'string', default: '2' },
  },
});

const runs = [];
for (let run = 1; run <= Number(values.runs); run++) {
  const parts = Array.from({ length: Number(values.parts) }, (_, part) =>
    verdictsOf({
      DETECTION_OF: 'correct',
      DETECTION_ONLY: values.only,
      DETECTION_PART: `${part + 1}/${values.parts}`,
    }),
  );
  const rows = (await Promise.all(parts)).flat();
  runs.push(rows);
  if (values.json) appendFileSync(values.json, rows.map((row) => `${JSON.stringify({ run, ...row })}\n`).join(''));
}

const [first] = runs;
const placeOf = ({ application, name }) => `${application}: ${name}`;
const counts = (rows) => {
  const of = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  const seconds = rows.reduce((sum, { ms }) => sum + ms, 0) / 1000 / rows.length;
  return `${rows.length} entrances: ${of('leaks')} accused, ${of('unproven')} unproven, ${of('proven')} proven, ${of('exempt')} exempt; ${seconds.toFixed(1)} s each`;
};
for (const verdict of ['leaks', 'unproven']) {
  for (const row of first.filter((each) => each.verdict === verdict)) {
    console.log(`${verdict === 'leaks' ? 'accused' : verdict}: ${row.about}: ${placeOf(row)} (${row.why})`);
  }
}
for (const about of new Set(first.map((row) => row.about))) {
  console.log(`${about}: ${counts(first.filter((row) => row.about === about))}`);
}
for (const row of first) {
  const verdicts = runs.map((rows) => rows.find((other) => placeOf(other) === placeOf(row))?.verdict ?? 'missing');
  if (new Set(verdicts).size > 1) console.log(`differs: ${placeOf(row)}: ${verdicts.join(', ')}`);
}
console.log(`${new Set(first.map((row) => row.application)).size} applications, ${counts(first)}`);
