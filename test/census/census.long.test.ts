import { describe, expect, it } from 'vitest';
import { census } from './census.js';
import { measure } from './measure.js';
import { missing } from './services.js';
import { tenants } from './tenants.js';

const cases = await Promise.all(
  census.flatMap(({ about, rows }) =>
    rows.flatMap((row) =>
      row.adapters.map(async (adapter) => ({ about, row, adapter, absent: await missing(row.needs) })),
    ),
  ),
);

describe.each(census)("$about: what is the own tenant's, nobody's, or another's", ({ about }) => {
  for (const { row, adapter, absent } of cases.filter((each) => each.about === about)) {
    const title = `${row.what}: ${row.verdict}, on ${adapter}${absent ? `, where ${absent}` : ''}`;
    it.skipIf(absent).concurrent(title, { timeout: 180_000 }, async () => {
      const { verdict, counts, answered } = await measure(row, adapter);
      expect({ verdict, counts }).toEqual({ verdict: row.verdict, counts });
      expect([...answered].sort()).toEqual(tenants.map(({ id }) => id));
    });
  }
});
