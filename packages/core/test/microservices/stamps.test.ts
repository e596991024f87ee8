import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { placeOf } from '../../src/microservices/message-place.js';
import { readMessageStamp, stampMessage } from '../../src/microservices/message-stamp.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/microservices.md'), 'utf8');
const secret = 'correct horse battery staple 0123';

const manifest = (file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as { readonly peerDependencies: object };

/** The table of the page: tenant, pattern, id and stamp. */
const vectors = [...page.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\| `([^`]+)` +\| `(v1\.[^`]+)`/gm)].map(
  ([, tenantId = '', pattern = '', id = '', stamp = '']) => ({ tenantId, pattern, id, stamp }),
);

it('has three of them', () => expect(vectors).toHaveLength(3));

it.each(vectors)(
  '$stamp is the stamp of $tenantId for $pattern, as the page says',
  ({ tenantId, pattern, id, stamp }) => {
    const given: unknown = pattern.startsWith('{') ? { cmd: 'price' } : pattern;
    expect(readMessageStamp(stamp, placeOf(given), [secret])).toEqual({
      tenantId,
      signed: { seconds: 1_798_761_600, id },
    });
    expect(readMessageStamp(stamp, placeOf('another'), [secret])).toBeNull();
  },
);

it('has the same place for an object in any order of its keys, and for its text', () => {
  const place = 'message:{"a":{"b":1,"c":[{"z":1,"y":2}]},"cmd":"price"}';
  expect(placeOf({ cmd: 'price', a: { c: [{ z: 1, y: 2 }], b: 1 } })).toBe(place);
  expect(placeOf('{"a":{"c":[{"z":1,"y":2}],"b":1},"cmd":"price"}')).toBe(place);
  expect([placeOf('price'), placeOf(7), placeOf('7'), placeOf('{price')]).toEqual([
    'message:price',
    'message:7',
    'message:7',
    'message:{price',
  ]);
});

it('M9: a pattern that is nested as deep as nobody nests one is another place, and no failure', () => {
  for (const depth of [1_000, 5_000, 100_000]) {
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(placeOf(deep)).toMatch(/^message:/);
    expect(placeOf(deep)).not.toBe(placeOf('{"a":1}'));
  }
});

it('is read unsigned where no secret is set, whether it is signed or not', () => {
  const signed = stampMessage('t_acme', 'message:price', [secret]);
  for (const stamp of [signed, 'v1.dF9hY21l']) {
    expect(readMessageStamp(stamp, 'message:price', [])).toEqual({ tenantId: 't_acme', signed: null });
  }
  expect(readMessageStamp('v1.dF9hY21l', 'message:price', [secret])).toBeNull();
});

it('M12: the page names the peer for NATS that this major of Nest asks for, and this package loads neither', async () => {
  const nest = manifest('../../node_modules/@nestjs/microservices/package.json');
  const [peer] = Object.keys(nest.peerDependencies).filter((name) => /^nats$|^@nats-io/.test(name));
  expect(peer).toMatch(/^(nats|@nats-io\/transport-node)$/);
  expect(page).toContain(`\`${peer}\` on Nest ${peer === 'nats' ? 11 : 12}`);
  const own = manifest('../../package.json');
  expect(Object.keys(own.peerDependencies)).not.toContain(peer);
});
