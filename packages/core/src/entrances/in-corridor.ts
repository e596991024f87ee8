import { isObservable, Observable } from 'rxjs';
import { type Corridor, storage } from '../context/storage.js';
import { isThenable } from '../context/thenable.js';

type Handler = (...args: unknown[]) => unknown;

/** Calls `handler` inside `corridor`. M10: a cold Observable that it answers with is subscribed to inside as well. */
export function callInCorridor(corridor: Corridor, handler: Handler, args: unknown[]): unknown {
  const result = storage.run(corridor, () => handler(...args));
  return isThenable(result) ? result.then((late) => subscribedIn(corridor, late)) : subscribedIn(corridor, result);
}

function subscribedIn(corridor: Corridor, result: unknown): unknown {
  if (!isObservable(result)) return result;
  return new Observable((subscriber) => storage.run(corridor, () => result.subscribe(subscriber)));
}
