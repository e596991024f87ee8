import { code } from '../fuzzed/code.js';

/** Calls one after the other, each on what the one before answered: what runs is what is printed. */
export type Chain = readonly Call[];
export type Call = readonly [name: string, ...args: readonly unknown[]];

export function run(on: object, chain: Chain): unknown {
  let target: unknown = on;
  for (const [name, ...args] of chain) {
    const { [name]: method } = target as Readonly<Record<string, unknown>>;
    // Calls a method; one that is not there must not pass for an answer, on both sides the same.
    if (typeof method !== 'function') throw new TypeError(`the data source has no ${name}`);
    // TypeORM writes into entities that it is given.
    target = Reflect.apply(method, target, structuredClone(args));
  }
  return target;
}

export function print(on: string, chain: Chain): string {
  return on + chain.map(([name, ...args]) => `.${name}(${args.map((each) => code(each, '  ')).join(', ')})`).join('');
}
