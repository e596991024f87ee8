import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, type IsolationReport, toJson } from '../../src/index.js';
import { hostileReport } from './hostile-report.js';
import { anAttack, anEntrance, aReport, aSample, evidence, leaking } from './sample-report.js';

describe('the report as JSON', () => {
  it('says its version first, and is read back as it was', () => {
    const json = toJson(aSample());
    expect(json.startsWith('{\n  "schemaVersion": 1,\n  "application": "AppModule",\n  "verdict": "leaks",')).toBe(
      true,
    );
    expect(json.endsWith('}\n')).toBe(true);
    for (const report of [aSample(), hostileReport()]) expect(fromJson(toJson(report))).toEqual(report);
    expect(JSON.parse(json)).toEqual({ schemaVersion: 1, ...aSample() });
  });

  it('is the same text in whatever order its objects were filled', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (order) => {
        const numbers = order[Symbol.iterator]();
        const report = shuffled(aSample(), () => numbers.next().value ?? 0) as IsolationReport;
        expect(toJson(report)).toBe(toJson(aSample()));
      }),
      { numRuns: 50, seed: 6 },
    );
  });

  it('writes what drivers make of columns', () => {
    const after: Record<string, unknown> = {
      at: new Date(0),
      big: 2n ** 60n,
      bytes: Buffer.from('hi'),
      nan: Number.NaN,
    };
    after['itself'] = after;
    Object.defineProperty(after, '__proto__', { value: 'a column', enumerable: true });
    const changes = [{ table: 'jobs', before: null, after }];
    const report = aReport([leaking(anEntrance('GET /a'), anAttack('own', 'leaks', 'Seen.', evidence({ changes })))]);
    const read = fromJson(toJson(report)).entrances[0]?.attacks[1]?.evidence?.changes[0]?.after ?? {};
    expect(Object.entries(read)).toEqual([
      ['__proto__', 'a column'],
      ['at', '1970-01-01T00:00:00.000Z'],
      ['big', '1152921504606846976'],
      ['bytes', 'aGk='],
      ['itself', '[circular]'],
      ['nan', 'NaN'],
    ]);
  });

  it('refuses another version', () => {
    expect(() => fromJson(toJson(aSample()).replace('"schemaVersion": 1', '"schemaVersion": 2'))).toThrow(
      /version 1, but of 2/,
    );
    expect(() => fromJson('{}')).toThrow(/but of none/);
    expect(() => fromJson('null')).toThrow(TypeError);
  });
});

function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => ({ key, item: shuffled(item, random), at: random() }));
  return Object.fromEntries(entries.sort((one, other) => one.at - other.at).map(({ key, item }) => [key, item]));
}
