import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { IsolationHarness } from '../../src/index.js';
import defineEntrances from '../../src/jest-setup.js';
import { definedAfter } from '../../src/proof/awaited.js';
import { describeIsolation } from '../../src/proof/describe-isolation.js';
import { acme, examples, Jobs, start } from './application.js';
import { keptRunner } from './kept-runner.js';

it('a function whose harness somebody waits for has one test for each entrance, and closes it at the end', async () => {
  const { kept, tests, run } = keptRunner();
  let app: IsolationHarness | undefined;
  await definedAfter(() => {
    describeIsolation(
      kept,
      async () => {
        app = await start(Jobs);
        return app;
      },
      { examples },
    );
    expect(tests).toEqual([]);
  });
  expect(tests.map(([name]) => name)).toEqual([
    'is started again, with one tenant in it and with both',
    ...(app?.entrances.map(({ id }) => id) ?? []),
    'leaves no entrance unproven',
  ]);
  expect(await run()).toEqual({});
  expect(() => app?.as(acme)).toThrow('closed');
});

it('an application that does not start leaves no report of an earlier run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-awaited-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const json = join(folder, 'isolation.json');
  await writeFile(json, 'of an earlier run');
  const { kept, tests } = keptRunner();
  const fails = async (): Promise<never> => {
    throw new Error('no database');
  };
  const defining = definedAfter(() => describeIsolation(kept, fails, { report: { json } }));
  await expect(defining).rejects.toThrow('no database');
  expect(tests).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

it('an option that names no entrance is an error, and the application is closed', async () => {
  const { kept } = keptRunner();
  const app = await start(Jobs);
  const defining = definedAfter(() => describeIsolation(kept, async () => app, { only: ['GET /jbos'] }));
  await expect(defining).rejects.toThrow('`GET /jbos` is no entrance');
  expect(() => app.as(acme)).toThrow('closed');
});

it('a test file that cannot be loaded ends the waiting', async () => {
  const broken = () => {
    throw new Error('a syntax error');
  };
  await expect(definedAfter(broken)).rejects.toThrow('a syntax error');
  const { kept, tests } = keptRunner();
  describeIsolation(kept, () => start(Jobs), { examples });
  expect(tests.map(([name]) => name)).toEqual(['at every entrance, and leaves none unproven']);
});

it("Jest's setup says where it belongs, where no test file is known", async () => {
  await expect(defineEntrances()).rejects.toThrow('List it in `setupFilesAfterEnv`');
});
