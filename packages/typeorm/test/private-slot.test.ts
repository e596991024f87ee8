import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { privateSlot } from '../src/scope/private-slot.js';

const objects: Readonly<Record<string, () => object>> = {
  'a row': () => ({ id: 1 }),
  'a list': () => [1, 2],
  'an instance': () => new Date(0),
  'an object without a prototype': () => Object.create(null) as object,
  'a frozen constant': () => Object.freeze({ id: 1 }),
  'a sealed list': () => Object.seal([1]),
  'a proxy': () => new Proxy({ id: 1 }, {}),
};

it.each(Object.entries(objects))('keeps something with %s, which nobody else sees', (_name, make) => {
  const [slot, other] = [privateSlot<string>(), privateSlot<string>()];
  const object = make();
  slot.set(object, 'first');
  other.set(object, 'other');
  slot.set(object, 'second');
  expect([slot.get(object), other.get(object), slot.get(make())]).toEqual(['second', 'other', undefined]);
  expect(inspect(object, { showHidden: true })).toBe(inspect(make(), { showHidden: true }));
  expect(Reflect.ownKeys(object)).toEqual(Reflect.ownKeys(make()));
  expect(slot.get({ ...object }), 'of a copy').toBe(undefined);
  slot.set(object, undefined);
  expect([slot.get(object), other.get(object)]).toEqual([undefined, 'other']);
});

it('keeps what was set before the object was frozen', () => {
  const slot = privateSlot<string>();
  const object = { id: 1 };
  slot.set(object, 'before');
  Object.freeze(object);
  slot.set(object, 'after');
  expect(slot.get(object)).toBe('after');
});

it.each([undefined, null, 1, 'text', Symbol('s')])('has nothing of %s', (value) => {
  expect(privateSlot<string>().get(value)).toBe(undefined);
});
