import {
  BehaviorSubject,
  bufferCount,
  debounceTime,
  firstValueFrom,
  map,
  type Observable,
  ReplaySubject,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { eachTenant } from '../../src/events.js';
import { TenantContext } from '../../src/index.js';
import { acme, globex } from '../server.js';

const context = new TenantContext();
const tenantNow = () => (context.isActive() ? context.tenantId : 'nobody');

const send = (subject: Subject<string>, tenant: typeof acme | null, value: string) =>
  tenant === null ? subject.next(value) : context.run(tenant, () => subject.next(value));

describe('X6: eachTenant', () => {
  it('keeps the waiting and collecting of a shared stream apart, and goes on as the tenant of each value', async () => {
    const shared = new Subject<string>();
    const seen = firstValueFrom(
      shared.pipe(
        eachTenant((own) => own.pipe(debounceTime(10))),
        map((value) => `${value} as ${tenantNow()}`),
        take(3),
        toArray(),
      ),
    );
    for (const i of [1, 2]) {
      send(shared, acme, `a${i}`);
      send(shared, globex, `g${i}`);
      send(shared, null, `n${i}`);
    }
    expect((await seen).sort()).toEqual(['a2 as t_acme', 'g2 as t_globex', 'n2 as nobody']);
  });

  it('is subscribed to in a request, and keeps the tenants apart there, too', async () => {
    const shared = new Subject<string>();
    const seen: string[] = [];
    context.run(globex, () =>
      shared
        .pipe(
          eachTenant((own) => own.pipe(bufferCount(2))),
          map((pair) => `${pair.join('+')} as ${tenantNow()}`),
        )
        .subscribe((one) => seen.push(one)),
    );
    for (const value of ['1', '2', '3', '4']) send(shared, Number(value) % 2 ? acme : globex, value);
    expect(seen).toEqual(['1+3 as t_acme', '2+4 as t_globex']);
  });

  it('ends when the stream ends, with what was still waiting', async () => {
    const shared = new Subject<string>();
    const seen = firstValueFrom(
      shared.pipe(
        eachTenant((own) => own.pipe(bufferCount(5))),
        toArray(),
      ),
    );
    send(shared, acme, 'a');
    send(shared, globex, 'g');
    shared.complete();
    expect(await seen).toEqual([['a'], ['g']]);
  });

  it('fails for everybody, or with `onError` for the tenant alone', async () => {
    const failing = (value: string) => {
      if (value === 'bad') throw new Error(value);
      return value;
    };
    const all = new Subject<string>();
    const first = firstValueFrom(all.pipe(eachTenant((own) => own.pipe(map(failing)))));
    send(all, acme, 'bad');
    await expect(first).rejects.toThrow('bad');

    const shared = new Subject<string>();
    const errors: string[] = [];
    const seen: string[] = [];
    let ended = false;
    shared
      .pipe(
        eachTenant((own) => own.pipe(map(failing)), {
          onError: (error, tenant) => errors.push(`${(error as Error).message} of ${tenant?.id} as ${tenantNow()}`),
        }),
      )
      .subscribe({
        next: (one) => seen.push(one),
        complete: () => {
          ended = true;
        },
      });
    send(shared, acme, 'bad');
    send(shared, acme, 'late');
    send(shared, globex, 'g');
    expect({ errors, seen, ended }).toEqual({ errors: ['bad of t_acme as t_acme'], seen: ['g'], ended: false });
    shared.complete();
    expect(ended).toBe(true);
  });

  it('lets go of the part of each tenant when it is unsubscribed from', () => {
    const shared = new Subject<string>();
    let parts = 0;
    const subscription = shared
      .pipe(
        eachTenant((own) => {
          parts += 1;
          own.subscribe({ complete: () => {} });
          return own;
        }),
      )
      .subscribe();
    send(shared, acme, 'a');
    send(shared, globex, 'g');
    subscription.unsubscribe();
    expect({ parts, observed: shared.observed }).toEqual({ parts: 2, observed: false });
  });

  it('fails as a stream does where `project` throws, gives no stream, or `onError` throws', async () => {
    for (const project of [
      () => {
        throw new Error('no project');
      },
      () => 'a'.length as never,
    ]) {
      const all = new Subject<string>();
      const first = firstValueFrom(all.pipe(eachTenant(project)));
      send(all, acme, 'a');
      await expect(first).rejects.toThrow();

      const shared = new Subject<string>();
      const errors: string[] = [];
      const seen: string[] = [];
      shared
        .pipe(
          eachTenant((own: Observable<string>) => (tenantNow() === acme.id ? project() : own), {
            onError: (_, tenant) => errors.push(`${tenant?.id} as ${tenantNow()}`),
          }),
        )
        .subscribe((one) => seen.push(one));
      send(shared, acme, 'a');
      send(shared, globex, 'g');
      expect({ errors, seen }).toEqual({ errors: ['t_acme as t_acme'], seen: ['g'] });

      const broken = new Subject<string>();
      const failed = firstValueFrom(
        broken.pipe(
          eachTenant(project, {
            onError: () => {
              throw new Error('in onError');
            },
          }),
        ),
      );
      send(broken, acme, 'a');
      await expect(failed).rejects.toThrow('in onError');
    }
  });

  it('is refused behind what repeats values to whoever subscribes', () => {
    for (const source of [new ReplaySubject<string>(), new BehaviorSubject('a').pipe(map((one) => one))]) {
      expect(() => source.pipe(eachTenant((own) => own))).toThrow(/eachTenant: is put behind a ReplaySubject/);
    }
  });

  it('is given a function', () => {
    expect(() => eachTenant(undefined as never)).toThrow(/eachTenant: is given no function/);
  });
});
