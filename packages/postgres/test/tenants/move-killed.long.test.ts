import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abandonMove, finishMove, isTenantsError, moveTenant, type PlaceKind } from '../../src/tenants.js';
import { MIGRATION, MoveFixture } from './move-fixture.js';
import { Writers } from './move-writers.js';

/** Moves that are killed; MOVE_KILLS is another number of them. */
const KILLS = Number(process.env['MOVE_KILLS'] ?? 6);

const PLACES: readonly (readonly [string, PlaceKind])[] = [
  ['main', 'schema'],
  ['main', 'database'],
  ['eu2', 'rows'],
  ['eu2', 'schema'],
  ['main', 'rows'],
];

type Work = 'move' | 'finish' | 'abandon';

describe('a move that is killed', () => {
  let fixture: MoveFixture;

  beforeAll(async () => {
    fixture = await MoveFixture.start();
    fixture.databaseOf('a');
    for (const id of ['a', 'b']) await fixture.tenant(id);
    await fixture.tenant('c', { server: 'eu2', kind: 'rows', name: null });
  });

  afterAll(() => fixture.stop());

  const options = () => ({ directory: fixture.directory, places: fixture.places, tenant: 'a' });
  const place = async () => (await fixture.directory.get('a')).place;

  /** @returns milliseconds that it took by itself, or null where it was killed */
  const inChild = (work: Work, to: object, killAfter: number): Promise<number | null> => {
    const { servers, role } = fixture.places;
    const given = { work, servers, role, sql: MIGRATION, tenant: 'a', to, database: fixture.databaseOf('a') };
    const script = join(import.meta.dirname, 'move-killed.mjs');
    const child = spawn(process.execPath, [script, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return new Promise((resolve, reject) => {
      let began = 0;
      child.stdout.once('data', () => {
        began = performance.now();
        setTimeout(() => child.kill('SIGKILL'), killAfter).unref();
      });
      child.on('exit', (code, signal) => {
        // The server ends what it was at within a moment.
        if (signal === 'SIGKILL') resolve(sleep(1_000, null));
        else if (code === 0) resolve(performance.now() - began);
        else reject(new Error(said));
      });
    });
  };

  it(`goes on with the next call, or is taken back, wherever it was (${KILLS} kills)`, async () => {
    const foreign = [await fixture.rowsAt('c', { server: 'eu2', kind: 'rows', name: null })];
    const writers = new Writers(fixture, 'a', 4);
    let longest = 3_000;
    const ended = { killed: 0, moved: 0, abandoned: 0 };
    for (let n = 0; ended.killed < KILLS && n < KILLS * 3; n += 1) {
      const before = await place();
      const [server, kind] = PLACES.filter(([a, b]) => a !== before.server || b !== before.kind)[
        n % 4
      ] as (typeof PLACES)[number];
      const to = { server, kind };
      const took = await inChild('move', to, Math.random() * longest);
      if (took === null) ended.killed += 1;
      else longest = Math.max(1_000, took);
      const isSwitched = JSON.stringify(await place()) !== JSON.stringify(before);
      const work: Work = took !== null ? 'finish' : isSwitched || n % 2 === 0 ? 'move' : 'abandon';
      // It may be killed, too.
      if ((await inChild(work, to, Math.random() * longest)) === null) ended.killed += 1;
      if (work === 'abandon') {
        await abandonMove(options()).catch((error) => {
          // The child had ended it.
          if (!isTenantsError(error, 'tenant_state_refused')) throw error;
        });
        expect(await place()).toEqual(before);
        ended.abandoned += 1;
      } else {
        if (work === 'move') await moveTenant({ ...options(), to, longestStopMillis: 10_000 });
        await finishMove(options()).catch((error) => {
          if (!isTenantsError(error, 'tenant_state_refused')) throw error;
        });
        expect(await place()).toMatchObject(to);
        ended.moved += 1;
      }
      await sleep(100);
      const now = await place();
      const left = [...(await fixture.left('main')), ...(await fixture.left('eu2'))];
      expect(left).toEqual(now.kind === 'rows' ? [] : ['tenant_a']);
      for (const server of ['main', 'eu2']) {
        if (now.kind === 'rows' && now.server === server) continue;
        expect(await fixture.rowsAt('a', { server, kind: 'rows', name: null })).toEqual([]);
      }
    }
    await writers.stop();
    console.info(ended, `${writers.acknowledged} writes`);
    expect(await writers.lost()).toEqual([]);
    expect([await fixture.rowsAt('c', { server: 'eu2', kind: 'rows', name: null })]).toEqual(foreign);
  }, 3_600_000);
});
