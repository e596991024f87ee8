import type { RecordedRow } from './recorded.js';

const [WIDTH, LEFT, RIGHT, FIRST, STEP] = [760, 270, 70, 84, 24] as const;
const [BETTER, WORSE] = ['#1f7a4d', '#3451b2'] as const;

/** Bars of medians from the line of 1, with the smallest and largest of the pairs as a whisker. */
export function drawnBars(
  { title, heading, note, isLessBetter }: { title: string; heading: string; note: string; isLessBetter: boolean },
  rows: readonly RecordedRow[],
): string {
  const most = Math.max(2, ...rows.map(({ max }) => max));
  const end = Math.ceil(most * 2) / 2;
  const x = (value: number) => (LEFT + (value / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const bottom = FIRST + rows.length * STEP;
  const ticks = Array.from({ length: Math.floor(end) + 1 }, (_, value) => value);
  const grid = ticks.map(
    (value) =>
      `  <path d="M${x(value)} ${FIRST - 8}V${bottom}" stroke="${value === 1 ? '#222' : '#ddd'}"/>\n` +
      `  <text x="${x(value)}" y="${bottom + 16}" text-anchor="middle" font-size="11">${value}</text>`,
  );
  const bars = rows.map((row, n) => {
    const { median, min, max } = row;
    const y = FIRST + n * STEP;
    const colour = median <= 1 === isLessBetter ? BETTER : WORSE;
    const [from, to] = median < 1 ? [x(median), x(1)] : [x(1), x(median)];
    return (
      `  <text x="${LEFT - 10}" y="${y + 11}" text-anchor="end">${escaped(nameOf(row, rows))}</text>\n` +
      `  <rect x="${from}" y="${y}" width="${(Number(to) - Number(from)).toFixed(1)}" height="14" fill="${colour}"/>\n` +
      `  <path d="M${x(min)} ${y + 7}H${x(max)}" stroke="#222"/>\n` +
      `  <text x="${WIDTH - RIGHT + 10}" y="${y + 11}" font-weight="bold">${median.toFixed(2)}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" font-family="sans-serif" font-size="12" fill="#222">
  <title>${escaped(title)}</title>
  <rect width="${WIDTH}" height="${bottom + 30}" fill="#fff"/>
  <text x="20" y="26" font-size="15">${escaped(heading)}</text>
  <text x="20" y="46" font-size="11" fill="#555">${escaped(note)}</text>
  <text x="20" y="62" font-size="11" fill="#555">1 is what it is compared with; ${isLessBetter ? 'less' : 'more'} is better. The bar is the median, the thin line the range of all pairs.</text>
${grid.join('\n')}
${bars.join('\n')}
</svg>
`;
}

/** A case that is compared with two others says with which. */
const nameOf = ({ case: name, against }: RecordedRow, rows: readonly RecordedRow[]): string =>
  rows.filter((row) => row.case === name).length > 1 ? `${name} : ${against.split('/')[0]}` : name;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
