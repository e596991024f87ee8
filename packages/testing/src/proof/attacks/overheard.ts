import type { HttpRequest } from '../../http-request.js';
import { replaced, valueAt } from '../target/positions.js';
import { type Attack, leakOf, notApplicable, proven } from './attack.js';
import { idsIn } from './foreign-id.js';

/** The other works while the tenant listens, in a room or to a topic of its own, or of the other's name. */
export const overheard: Attack = {
  name: 'overheard',
  isOneWay: true,
  run: async (target) => {
    const { transport, harness, own, other, entrance } = target;
    if (!transport.hears) return notApplicable('Its answer ends before others do anything.');
    if (entrance.isUntenanted) return notApplicable('It has no tenant.');
    const foreign = transport.requestFor(harness.planted(other), other);
    const places = foreign ? idsIn(target).map(({ at }) => at) : [];
    const ways: readonly { readonly how: string; change(request: HttpRequest): HttpRequest }[] = [
      { how: 'While the other worked', change: (request) => request },
      ...(places.length === 0
        ? []
        : [
            {
              how: "With the other's ids, while the other worked",
              change: (request: HttpRequest) =>
                replaced(
                  request,
                  places.map((at) => [at, valueAt(foreign as HttpRequest, at)] as const),
                ),
            },
          ]),
    ];
    for (const { how, change } of ways) {
      const meanwhile = async () => {
        // The rows that were named, and new ones, which the application may tell of by itself.
        await target.attemptUnobserved(await target.asItself(other));
        await harness.plant(other);
        await target.othersWork();
      };
      const attempt = await target.attemptUnobserved(await target.asItself(own, { change, meanwhile }));
      const leak = leakOf(attempt, target, how);
      if (leak) return leak;
    }
    return proven('It heard nothing of the other, who worked meanwhile.');
  },
};
