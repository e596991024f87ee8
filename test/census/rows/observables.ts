import {
  asapScheduler,
  BehaviorSubject,
  bufferTime,
  concatMap,
  debounceTime,
  defer,
  delay,
  exhaustMap,
  firstValueFrom,
  from,
  groupBy,
  map,
  mergeMap,
  type Observable,
  observeOn,
  of,
  ReplaySubject,
  Subject,
  shareReplay,
  switchMap,
  tap,
  throttleTime,
  timer,
} from 'rxjs';
import {
  type Subject as About,
  context,
  inHandler,
  lazily,
  type Row,
  type Seen,
  seen,
  together,
  type Verdict,
  Waiting,
} from '../row.js';

const BOUND = 'a bound callback handed along, behind any operator of a shared Subject';

type Pipe = (numbers: Observable<number>) => Observable<number | number[]>;

/** One pipe for everybody, through which each request sends a number and waits for it to come out. */
const shared = (what: string, verdict: Verdict, through: Pipe, made: 'at start' | 'in a request' = 'at start'): Row =>
  inHandler(
    what,
    verdict,
    (start) => {
      const waiting = new Waiting();
      const numbers = new Subject<number>();
      const gate = together();
      const subscription = lazily(() =>
        through(numbers).subscribe((out) => {
          if (Array.isArray(out)) for (const id of out) waiting.answer(id);
          else if (DROPS.test(what)) waiting.answerLatest(out);
          else waiting.answer(out);
        }),
      );
      start.later(() => subscription().unsubscribe());
      if (made === 'at start') subscription();
      return async () => {
        subscription();
        await gate();
        return waiting.ask((id) => numbers.next(id));
      };
    },
    verdict === 'right' ? {} : { fix: BOUND },
  );

/** Operators that let the latest through and forget the others. */
const DROPS = /debounce|throttle|switch/;

/** An observable that a request makes for itself. */
const own = (what: string, make: () => Observable<unknown>): Row =>
  inHandler(what, 'right', () => () => new Promise<Seen>((resolve) => make().subscribe(() => resolve(seen()))));

const later = (id: number) => timer(3).pipe(map(() => id));

export const observables: About = {
  about: 'RxJS',
  note:
    'What a request makes for itself is its own. Behind a Subject that everybody shares, an operator that waits, queues or ' +
    'schedules calls on as whoever started the wait.',
  rows: [
    own("`timer`, `delay`, `observeOn(asapScheduler)` of a request's own", () =>
      timer(1).pipe(delay(1), observeOn(asapScheduler)),
    ),
    own("`concatMap`, `mergeMap` with a limit, `switchMap`, `debounceTime`, `bufferTime` of a request's own", () =>
      of(1, 2, 3).pipe(concatMap(later), mergeMap(later, 1), switchMap(later), debounceTime(1), bufferTime(1)),
    ),
    own('`from` a promise', () => from(Promise.resolve(1))),
    inHandler('`await firstValueFrom(…)` of anything shared', 'right', () => {
      const ticks = timer(0, 1).pipe(shareReplay({ bufferSize: 1, refCount: true }), delay(1));
      return async () => {
        await firstValueFrom(ticks);
        return seen();
      };
    }),
    shared('a shared Subject, `map`, `tap`, `groupBy`', 'right', (numbers) =>
      numbers.pipe(
        map((id) => id),
        tap(),
        groupBy((id) => id),
        mergeMap((group) => group),
      ),
    ),
    shared('`mergeMap` without a limit behind a shared Subject', 'right', (numbers) => numbers.pipe(mergeMap(later))),
    shared('`switchMap` behind a shared Subject', 'right', (numbers) => numbers.pipe(switchMap(later))),
    shared('`concatMap` behind a shared Subject', "another's", (numbers) => numbers.pipe(concatMap(later))),
    shared('`mergeMap` with a limit behind a shared Subject', "another's", (numbers) =>
      numbers.pipe(mergeMap((id) => defer(() => later(id)), 1)),
    ),
    shared('`delay` behind a shared Subject', 'right', (numbers) => numbers.pipe(delay(2))),
    shared('`debounceTime` behind a shared Subject', "another's", (numbers) => numbers.pipe(debounceTime(5))),
    shared(
      '`bufferTime` behind a shared Subject, subscribed to in a request',
      "another's",
      (numbers) => numbers.pipe(bufferTime(5)),
      'in a request',
    ),
    shared('`bufferTime` behind a shared Subject, subscribed to at start', 'none', (numbers) =>
      numbers.pipe(bufferTime(5)),
    ),
    shared('`throttleTime` with a trailing value behind a shared Subject', "another's", (numbers) =>
      numbers.pipe(throttleTime(5, undefined, { leading: false, trailing: true })),
    ),
    shared('`observeOn(asapScheduler)` behind a shared Subject', "another's", (numbers) =>
      numbers.pipe(
        mergeMap((id) => of(id, id)),
        observeOn(asapScheduler),
      ),
    ),
    inHandler(BOUND, 'right', (start) => {
      const work = new Subject<() => void>();
      const subscription = work.pipe(concatMap((back) => timer(3).pipe(map(() => back)))).subscribe((back) => back());
      start.later(() => subscription.unsubscribe());
      return () => new Promise<Seen>((resolve) => work.next(context.bind(() => resolve(seen()))));
    }),
    inHandler(
      'a subscription to a shared Subject, made in a request',
      "another's",
      () => {
        const heard = new Subject<void>();
        return () =>
          new Promise<Seen>((resolve) => {
            const subscription = heard.subscribe(() => {
              subscription.unsubscribe();
              resolve(seen());
            });
            setTimeout(() => heard.next(), 30);
          });
      },
      { fix: 'a bound subscriber of a shared Subject' },
    ),
    inHandler('a bound subscriber of a shared Subject', 'right', () => {
      const heard = new Subject<void>();
      return () =>
        new Promise<Seen>((resolve) => {
          const subscription = heard.subscribe(
            context.bind(() => {
              subscription.unsubscribe();
              resolve(seen());
            }),
          );
          setTimeout(() => heard.next(), 30);
        });
    }),
    inHandler(
      '`shareReplay` around work that knows the tenant',
      "another's",
      () => {
        const kept = defer(() => timer(2).pipe(map(seen))).pipe(shareReplay(1));
        return () => firstValueFrom(kept);
      },
      { fix: '`shareReplay` for each tenant, kept by its id' },
    ),
    inHandler('`shareReplay` for each tenant, kept by its id', 'right', () => {
      const kept = new Map<string, Observable<Seen>>();
      return () => {
        const { tenantId } = context;
        const found = kept.get(tenantId) ?? defer(() => timer(2).pipe(map(seen))).pipe(shareReplay(1));
        kept.set(tenantId, found);
        return firstValueFrom(found);
      };
    }),
    inHandler('a BehaviorSubject or ReplaySubject, subscribed to by each', 'right', () => {
      const last = new BehaviorSubject(0);
      const replayed = new ReplaySubject<number>(1);
      replayed.next(0);
      return () =>
        new Promise<Seen>((resolve) => last.pipe(exhaustMap(() => replayed)).subscribe(() => resolve(seen())));
    }),
  ],
};
