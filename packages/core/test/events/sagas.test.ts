import { Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, EventBus, ofType, Saga, UnhandledExceptionBus } from '@nestjs/cqrs';
import { Test, type TestingModule } from '@nestjs/testing';
import { bufferCount, debounceTime, delay, map, type Observable, scan } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import { acme, globex, testRegistry } from '../server.js';

const context = new TenantContext();
const tenantNow = () => (context.isActive() ? context.tenantId : 'nobody');

class Happened {
  constructor(readonly what: string) {}
}
class Settled extends Happened {}
class Counted extends Happened {}
class Collected extends Happened {}
class Later extends Happened {}
class Watched extends Happened {}
class Failing extends Happened {}

class Note {
  constructor(
    readonly saga: string,
    readonly of: string,
  ) {}
}

const noted: { readonly saga: string; readonly of: string; readonly as: string }[] = [];
let arrived: () => void = () => {};

@CommandHandler(Note)
class NoteHandler {
  async execute({ saga, of }: Note): Promise<void> {
    await Promise.resolve();
    noted.push({ saga, of, as: tenantNow() });
    arrived();
  }
}

@Injectable()
class Sagas {
  @Saga()
  settled = (events: Observable<object>) =>
    events.pipe(
      ofType(Settled),
      debounceTime(20),
      map(({ what }) => new Note('settled', what)),
    );

  @Saga()
  counted = (events: Observable<object>) =>
    events.pipe(
      ofType(Counted),
      scan((all, { what }) => `${all}${what}`, ''),
      map((all) => new Note('counted', all)),
    );

  @Saga()
  collected(events: Observable<object>) {
    return events.pipe(
      ofType(Collected),
      bufferCount(2),
      map((pair) => new Note('collected', pair.map(({ what }) => what).join('+'))),
    );
  }

  @Saga()
  later = (events: Observable<object>) =>
    events.pipe(
      ofType(Later),
      delay(5),
      map(({ what }) => new Note('later', what)),
    );

  @Saga()
  failing = (events: Observable<object>) =>
    events.pipe(
      ofType(Failing),
      map(({ what }) => {
        if (what === 'bad') throw new Error('a bad event');
        return new Note('failing', what);
      }),
    );
}

@Untenanted()
@Injectable()
class Statistics {
  @Saga()
  watched = (events: Observable<object>) =>
    events.pipe(
      ofType(Watched),
      bufferCount(2),
      map((all) => new Note('watched', `${all.length}`)),
    );
}

let module: TestingModule;
const publish = (tenant: typeof acme | null, event: object) =>
  tenant === null
    ? module.get(EventBus).publish(event)
    : context.run(tenant, () => module.get(EventBus).publish(event));

/** Waits until `count` commands have been handled. */
const notes = (count: number) =>
  new Promise<typeof noted>((resolve) => {
    arrived = () => noted.length >= count && resolve([...noted].sort((a, b) => (a.of < b.of ? -1 : 1)));
    arrived();
  });

beforeAll(async () => {
  module = await Test.createTestingModule({
    imports: [
      CqrsModule.forRoot(),
      TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'app.test' })] }),
    ],
    providers: [NoteHandler, Sagas, Statistics],
  }).compile();
  module.useLogger(false);
  await module.init();
});
afterAll(() => module.close());
beforeEach(() => {
  noted.length = 0;
});

describe('X6: a saga of @nestjs/cqrs', () => {
  it('with `debounceTime` runs as each tenant, and drops no event because another tenant sent one', async () => {
    for (const what of ['a1', 'a2']) {
      publish(acme, new Settled(what));
      publish(globex, new Settled(what.replace('a', 'g')));
    }
    expect(await notes(2)).toEqual([
      { saga: 'settled', of: 'a2', as: acme.id },
      { saga: 'settled', of: 'g2', as: globex.id },
    ]);
  });

  it('keeps what it has counted and collected for each tenant apart', async () => {
    publish(acme, new Counted('a'));
    publish(globex, new Counted('g'));
    publish(acme, new Counted('A'));
    publish(acme, new Collected('x1'));
    publish(globex, new Collected('y1'));
    publish(globex, new Collected('y2'));
    publish(acme, new Collected('x2'));
    expect(await notes(5)).toEqual([
      { saga: 'counted', of: 'a', as: acme.id },
      { saga: 'counted', of: 'aA', as: acme.id },
      { saga: 'counted', of: 'g', as: globex.id },
      { saga: 'collected', of: 'x1+x2', as: acme.id },
      { saga: 'collected', of: 'y1+y2', as: globex.id },
    ]);
  });

  it('with `delay` runs as each, many at once', async () => {
    const all = Array.from({ length: 60 }, (_, i) => `${i + 100}`);
    for (const [i, what] of all.entries()) publish([acme, globex, null][i % 3] ?? null, new Later(what));
    const found = await notes(60);
    expect(found.map(({ as }) => as)).toEqual(all.map((_, i) => [acme.id, globex.id, 'nobody'][i % 3]));
  });

  it('that fails ends for its own tenant alone, and is reported as CQRS reports it', async () => {
    const reported: unknown[] = [];
    const subscription = module.get(UnhandledExceptionBus).subscribe((info) => reported.push(info));
    publish(acme, new Failing('bad'));
    publish(acme, new Failing('a'));
    publish(globex, new Failing('g'));
    expect(await notes(1)).toEqual([{ saga: 'failing', of: 'g', as: globex.id }]);
    expect(reported).toEqual([{ cause: 'failing', exception: new Error('a bad event') }]);
    subscription.unsubscribe();
  });

  it('of an `@Untenanted()` provider sees the events of all, and runs as nobody', async () => {
    publish(acme, new Watched('a'));
    publish(globex, new Watched('g'));
    expect(await notes(1)).toEqual([{ saga: 'watched', of: '2', as: 'nobody' }]);
  });
});

it('X6: commands and events of CQRS run as whoever sends them', async () => {
  await context.run(acme, () => module.get(CommandBus).execute(new Note('by hand', 'a')));
  await context.run(globex, () => module.get(CommandBus).execute(new Note('by hand', 'g')));
  expect((await notes(2)).map(({ as }) => as)).toEqual([acme.id, globex.id]);
});

it('a saga that gives no stream is refused when the application starts, as it is without tenants', async () => {
  @Injectable()
  class Wrong {
    @Saga()
    wrong = () => 'no stream';
  }
  const broken = await Test.createTestingModule({
    imports: [
      CqrsModule.forRoot(),
      TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'app.test' })] }),
    ],
    providers: [Wrong],
  })
    .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
    .compile();
  await expect(broken.init()).rejects.toThrow(/saga/i);
});
