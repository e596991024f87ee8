import {
  BehaviorSubject,
  from,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  ReplaySubject,
  type Subject,
} from 'rxjs';
import { storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import type { Tenant } from '../tenant.js';
import { TenantGroups } from './tenant-groups.js';

/**
 * X6: runs operators once for each tenant, over what that tenant has sent: for a stream that everybody shares, and operators that
 * wait, collect or compare (`debounceTime`, `bufferTime`, `scan`, `distinctUntilChanged`, `concatMap`, …). Over the shared stream
 * they would hold one tenant's values against another's, and go on as whoever came first.
 *
 * A value is the tenant's in whose context it comes here, and so is all that comes of it: put this right behind the Subject. What
 * repeats values to whoever subscribes later, or hands them on by a scheduler (`shareReplay`, `observeOn`), hands them to another. What
 * comes outside any tenant's context is a group of its own. A group is kept for as long as the stream is subscribed to; one that fails or ends does so for its tenant alone
 * where `onError` is given, and for everybody otherwise.
 *
 * @throws `tenancy_misconfigured` when `project` is no function, or behind a `ReplaySubject` or `BehaviorSubject`.
 * @example
 * ```ts
 * import { eachTenant } from '@tenancy/core/events';
 * import { debounceTime, map, Subject } from 'rxjs';
 *
 * const saved = new Subject<{ readonly id: string }>();
 * const settled = saved.pipe(eachTenant((own) => own.pipe(debounceTime(500), map(({ id }) => id))));
 * ```
 */
export function eachTenant<T, R>(
  project: (own: Observable<T>) => ObservableInput<R>,
  options: { readonly onError?: ((error: unknown, tenant: Tenant | null) => void) | undefined } = {},
): OperatorFunction<T, R> {
  requireFunction('eachTenant', project);
  const { onError } = options;
  return (source) => {
    if (repeats(source)) throw behindRepeating();
    return new Observable<R>((subscriber) => {
      let open = 1;
      const ended = () => {
        open -= 1;
        if (open === 0) subscriber.complete();
      };
      const groups = new TenantGroups<T>((own: Subject<T>, tenant) => {
        open += 1;
        const into = intoTenant(tenant);
        const fail = (error: unknown) => {
          if (onError === undefined) return into(() => subscriber.error(error));
          try {
            into(() => onError(error, tenant));
            ended();
          } catch (thrown) {
            into(() => subscriber.error(thrown));
          }
        };
        const subscription = projected(project, own, fail)?.subscribe({
          next: (value) => into(() => subscriber.next(value)),
          error: fail,
          complete: () => into(ended),
        });
        if (subscription) subscriber.add(subscription);
      });
      subscriber.add(
        source.subscribe({
          next: (value) => groups.next(value),
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            groups.complete();
            ended();
          },
        }),
      );
    });
  };
}

function projected<T, R>(
  project: (own: Observable<T>) => ObservableInput<R>,
  own: Subject<T>,
  fail: (error: unknown) => void,
): Observable<R> | null {
  try {
    return from(project(own.asObservable()));
  } catch (error) {
    fail(error);
    return null;
  }
}

/** True behind a subject whose values come again in the context of whoever subscribes. */
function repeats(source: Observable<unknown> | undefined): boolean {
  for (let each = source; each; each = each.source) {
    if (each instanceof ReplaySubject || each instanceof BehaviorSubject) return true;
  }
  return false;
}

const behindRepeating = () =>
  new TenancyConfigurationError(
    'eachTenant',
    'is put behind a ReplaySubject or a BehaviorSubject, which hands what one tenant has sent to whoever subscribes',
    'Put it behind a Subject, and repeat within it: `eachTenant((own) => own.pipe(shareReplay(1), …))`.',
  );

/** Enters `tenant`, unless what is active is work of it: that may carry more, such as the values of a request. */
function intoTenant(tenant: Tenant | null): (fn: () => void) => void {
  const store = tenant ? { tenant, refusal: null } : undefined;
  return (fn) => {
    const active = storage.getStore()?.tenant?.id ?? null;
    if (active === (tenant?.id ?? null)) fn();
    else storage.run(store, fn);
  };
}
