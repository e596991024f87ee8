import { describe, expect, it } from 'vitest';
import { TenantContext } from '../tenant-context.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();
const now = () => (context.isActive() ? context.tenantId : 'none');
const made = <T>(make: () => T): T => context.run(acme, make);

describe('core-4: `run` leaves getters alone', () => {
  it.each(['rows', 'then', 'next', 'subscribe', 'pipe', 'constructor'])(
    'one named `%s`, until it is read',
    async (name) => {
      const asked: string[] = [];
      const literal = () => Object.defineProperty({ id: 1 }, name, { get: () => asked.push(now()), enumerable: true });
      const [row] = (await made(async () => [literal()])) as [Record<string, unknown>];
      const frozen = made(() => Object.freeze(literal())) as Record<string, unknown>;
      const again = made(() => literal()) as Record<string, unknown>;
      expect(asked).toEqual([]);
      expect([row, frozen, again].map((each) => context.run(globex, () => each[name]))).toEqual([1, 2, 3]);
      expect(asked).toEqual(['t_acme', 't_acme', 't_acme']);
    },
  );

  it('one that throws, of a literal and of a class', async () => {
    class Row {
      readonly id = 1;
      get pipe(): never {
        throw new Error('not loaded');
      }
    }
    const row = {
      id: 1,
      get salary(): never {
        throw new Error('not loaded');
      },
    };
    for (const make of [(): { readonly id: number } => row, () => new Row()]) {
      expect(made(make).id).toBe(1);
      expect((await made(async () => [make()]))[0]?.id).toBe(1);
    }
    expect(() => made(() => row).salary).toThrow('not loaded');
  });

  it('those that make the next one for ever', () => {
    interface Page {
      readonly n: number;
      readonly next: Page;
    }
    const page = (n: number): Page => ({
      n,
      get next() {
        return page(n + 1);
      },
    });
    expect(made(() => page(0)).next.next.n).toBe(2);
  });

  it('a proxy that refuses to be asked for what it does not have', async () => {
    const strict = new Proxy({ id: 1 } as Record<PropertyKey, unknown>, {
      get(target, property) {
        if (property in target) return target[property];
        throw new Error(`no ${String(property)}`);
      },
    });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const refusing of [strict, revoked]) {
      expect(made(() => refusing) === refusing).toBe(true);
      expect((await made(async () => [refusing]))[0] === refusing).toBe(true);
    }
  });
});
