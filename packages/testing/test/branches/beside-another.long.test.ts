import { Session } from 'node:inspector';
import { expect, it, onTestFinished, vi } from 'vitest';
import { areBlocksCounted } from '../../src/branches/another-coverage.js';
import { reportOn } from './planted-notes.js';

it("V1: beside somebody else's coverage nothing is looked at, and the report says so", async () => {
  vi.stubEnv('NODE_V8_COVERAGE', '/nowhere');
  const testing = await import('../../src/index.js');
  vi.unstubAllEnvs();
  const report = await reportOn(testing);
  expect(report.coverage).toEqual({ state: 'off', why: expect.stringContaining('NODE_V8_COVERAGE') });
  expect(report.entrances.flatMap(({ unreached }) => unreached)).toEqual([]);
  expect(report.verdict).toBe('isolated');
});

it('knows from what V8 compiles that blocks are counted, as Jest says nothing of it', () => {
  // Whatever this test is run with, no coverage of its own counts in it but the one that it starts.
  const session = new Session();
  session.connect();
  onTestFinished(() => session.disconnect());
  expect(areBlocksCounted()).toBe(false);
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  expect(areBlocksCounted()).toBe(true);
});
