import { isDeepStrictEqual } from 'node:util';
import { unsignedTokens } from '../inputs/unsigned-tokens.js';
import { variationsOf } from '../inputs/variations.js';
import type { Target } from '../target/target.js';
import { type Attack, leakOf, notApplicable, proven } from './attack.js';
import { isClock, type Measured, measured } from './volatile.js';

/** Inputs that may be left out: a branch that only a flag, a filter or a header reaches is as much a way in as any. */
export const inputs: Attack = {
  name: 'inputs',
  isOneWay: true,
  run: async (target) => {
    const request = target.transport.requestFor(target.harness.planted(target.own), target.own);
    const known = request ? variationsOf(target, request) : [];
    if (known.length === 0) return notApplicable('It takes nothing that may be left out.');
    const plain = [await once(target), await once(target)] as const;
    const variations = [...unsignedTokens(target, plain[0].values()), ...known];
    const ends = Math.min(performance.now() + BUDGET, target.deadline);
    let tried = 0;
    for (const variation of variations) {
      if (performance.now() > ends) break;
      tried += 1;
      const attempt = await target.attempt(await target.asItself(target.own, { change: variation.change }));
      const leak = leakOf(attempt, target, `With ${variation.name}`);
      if (leak) return leak;
      if (!attempt.isRefused && isNew(measured(attempt), plain)) target.keep(variation);
    }
    const left = variations.length - tried;
    return proven(
      `${tried} inputs more were tried, of which ${target.kept.length} made a difference${left > 0 ? `; for ${left} there was no time` : ''}.`,
    );
  },
};

/** Milliseconds for all inputs of an entrance. */
const BUDGET = 4_000;

async function once(target: Target): Promise<Measured> {
  return measured(await target.attempt(await target.asItself()));
}

/** True when the answer is another than without the input, apart from what moves by itself. */
function isNew(answer: Measured, [one, two]: readonly [Measured, Measured]): boolean {
  return [...new Set([...answer.keys(), ...one.keys()])].some((path) => {
    if (!isDeepStrictEqual(one.get(path), two.get(path)) || isClock(answer.get(path))) return false;
    return !isDeepStrictEqual(answer.get(path), one.get(path));
  });
}
