// `pnpm detection [corpus]`: every attack of the proof against each leaky application of the corpus, and against the correct twins.
// Prints what was not caught, what is accused or unproven though correct, and the counts. Without `corpus`, the leaks that were
// written without knowing the attacks; with `--record`, docs/detection.md is made from what was seen. `pnpm detection correct` is in detection-correct.mjs; `pnpm detection costs` measures time,
// requests and memory.
import { writeFileSync } from 'node:fs';
import { verdictsOf } from './verdicts.mjs';

if (process.argv[2] === 'correct') {
  await import('./detection-correct.mjs');
  process.exit();
}
if (process.argv[2] === 'costs') {
  for (const each of await verdictsOf({ DETECTION_OF: 'costs' })) console.log(JSON.stringify(each, null, 2));
  process.exit();
}
const verdicts = await verdictsOf({ DETECTION_OF: process.argv[2] ?? 'unseen' });
if (process.argv.includes('--record')) record(verdicts);

/** Writes down the verdicts from which docs/detection.md is made, on the leaks that were written without knowing the attacks. */
function record(rows) {
  const leaks = rows
    .filter(({ twin }) => twin === 'leaky')
    .map(({ about, name, verdict, by }) => ({ about, name, verdict, by }));
  const correct = rows.filter(({ twin }) => twin === 'correct').map(({ verdict }) => verdict);
  const file = new URL('../packages/testing/test/corpus/unseen.record.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify({ leaks, correct: countsOf(correct) }, null, 2)}\n`);
}

function countsOf(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const counts = (rows) => {
  const of = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  return `${of('leaks')} leak, ${of('unproven')} unproven, ${of('proven')} proven`;
};
const leaky = verdicts.filter(({ twin }) => twin === 'leaky');
const correct = verdicts.filter(({ twin }) => twin === 'correct');
for (const { about, name, verdict, why } of leaky.filter((row) => row.verdict !== 'leaks')) {
  console.log(`${verdict}: ${about}: ${name}${why ? ` (${why.slice(0, 160)})` : ''}`);
}
for (const { about, name, verdict, why } of correct.filter((row) => row.verdict !== 'proven')) {
  console.log(`correct, and ${verdict}: ${about}: ${name} (${why.slice(0, 160)})`);
}
for (const about of new Set(leaky.map((row) => row.about))) {
  console.log(`${about}: ${counts(leaky.filter((row) => row.about === about))}`);
}
console.log(`leaky: ${counts(leaky)}; correct entrances: ${counts(correct)}`);
