// `pnpm storm [--seconds N] [--seed N] [--only NAME…] [--json]`: a tenant pool, and pg's own beside it, while connections die, servers
// restart and sessions are littered. Ends with 1 where a tenant pool answered wrongly, left somebody waiting, or threw more than pg's.
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // For all storms together.
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const only = [...values.only, ...positionals].flatMap((names) => names.split(','));
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const { module } = await runnerImport('./packages/postgres/test/storm/index.ts');
const { chosen, runStorms, storms } = module;
const unknown = only.filter((name) => !storms.some((storm) => storm.name === name));
if (unknown.length > 0 || !(seconds > 0) || !Number.isInteger(seed) || chosen(only).length === 0) {
  console.error(`Storms: ${storms.map(({ name }) => name).join(', ')}. --seconds is above 0, --seed a whole number.`);
  process.exit(1);
}
const say = values.json ? () => {} : console.log;
say(`seed ${seed}`);
for (const { name, missing } of storms) if (missing) console.error(`${name} is left out: ${missing}`);
const tallies = await runStorms({
  seconds,
  seed,
  only,
  onTally: (tally) => {
    if (values.json) return console.log(JSON.stringify({ seed, ...tally }));
    const { storm, pool, right, wrong, refused, hung, uncaught } = tally;
    const codes = Object.entries(refused).map(([code, count]) => `${code} ${count}`);
    say(
      `${storm.padEnd(10)} ${pool.padEnd(10)} right ${String(right).padStart(6)}  wrong ${wrong}  hung ${hung}  uncaught ${uncaught}` +
        `  refused ${codes.join(', ') || 0}`,
    );
  },
});
const failed = tallies.filter(({ storm, pool, right, wrong, hung, uncaught }) => {
  if (pool !== 'TenantPool') return false;
  const plain = tallies.find((tally) => tally.storm === storm && tally.pool === 'pg.Pool');
  // A storm in which nothing was answered has shown nothing.
  return right === 0 || wrong > 0 || hung > 0 || uncaught > plain.uncaught;
});
for (const { storm } of failed) console.error(`${storm}: the tenant pool did not hold.`);
process.exit(failed.length > 0 ? 1 : 0);
