import { writeFile } from 'node:fs/promises';
import { type CaseName, startApplication, TENANTS } from './application.js';
import { startServers } from './servers.js';

/** `pnpm --filter benchmarks plot:fairness`: 10,000 jobs of one tenant, then 100 of another, and when those are done. */
const FIRST = 10_000;
const SECOND = 100;
const [acme, globex] = TENANTS as [(typeof TENANTS)[number], (typeof TENANTS)[number]];

const servers = await startServers();
const url = servers.urls['redis'] ?? (servers.urls['postgres'] as string);
const curves = { 'first in, first out': await positions('bare'), 'with turns': await positions('fair') };
await servers.stop();
await writeFile(new URL('../../../docs/images/fairness.svg', import.meta.url), drawn(curves));
for (const [name, places] of Object.entries(curves)) console.log(`${name}: its last job is number ${places.at(-1)}`);

/** How many jobs had run when each of the second tenant's was done. */
async function positions(name: CaseName): Promise<number[]> {
  const application = await startApplication(name, url, 1);
  const { queue, as } = application;
  const add = (tenant: typeof acme, count: number) =>
    as(tenant, () =>
      queue.addBulk(Array.from({ length: count }, () => ({ name: 'work', data: { tenant: tenant.id } }))),
    );
  for (let at = 0; at < FIRST; at += 1_000) await add(acme, 1_000);
  await add(globex, SECOND);
  const places: number[] = [];
  let ran = 0;
  await new Promise<void>((resolve) => {
    application.onJob = (tenant) => {
      ran += 1;
      if (tenant === globex.id) places.push(ran);
      if (ran === FIRST + SECOND) resolve();
    };
    application.run();
  });
  await application.stop();
  return places;
}

function drawn(curves: Readonly<Record<string, readonly number[]>>): string {
  const [width, height, left, top, right, bottom] = [720, 360, 60, 40, 20, 50];
  const total = FIRST + SECOND;
  const x = (ran: number) => (left + (ran / total) * (width - left - right)).toFixed(1);
  const y = (done: number) => (height - bottom - (done / SECOND) * (height - top - bottom)).toFixed(1);
  const colours = ['#c0392b', '#1f6f43'];
  const lines = Object.entries(curves).map(([name, places], n) => {
    const points = [`${x(0)},${y(0)}`];
    places.forEach((place, done) => {
      points.push(`${x(place)},${y(done)}`, `${x(place)},${y(done + 1)}`);
    });
    points.push(`${x(total)},${y(SECOND)}`);
    const label = `${name}: its last one is number ${places.at(-1)?.toLocaleString('en')}`;
    return `  <polyline fill="none" stroke="${colours[n]}" stroke-width="2.5" points="${points.join(' ')}"/>
  <rect x="${left + 170}" y="${115 + n * 26}" width="14" height="4" fill="${colours[n]}"/>
  <text x="${left + 192}" y="${121 + n * 26}">${label}</text>`;
  });
  const ticks = [0, 2_500, 5_000, 7_500, 10_000].map(
    (ran) =>
      `  <text x="${x(ran)}" y="${height - bottom + 18}" text-anchor="middle">${ran.toLocaleString('en')}</text>`,
  );
  const marks = [0, 50, 100].map((done) => `  <text x="${left - 8}" y="${y(done)}" text-anchor="end">${done}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#222">
  <title>When the jobs of the second tenant are done: first in, first out, and with turns</title>
  <rect width="${width}" height="${height}" fill="#fff"/>
  <text x="${left}" y="22" font-size="15">10,000 jobs of one tenant, then 100 of another</text>
  <path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#888"/>
${[...ticks, ...marks].join('\n')}
  <text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">jobs that have run</text>
  <text transform="translate(18 ${(height - bottom + top) / 2}) rotate(-90)" text-anchor="middle">of them, the other's</text>
${lines.join('\n')}
</svg>
`;
}
