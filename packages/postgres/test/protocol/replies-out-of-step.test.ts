import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTenantFloorError, type TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from '../pool/interleaved.js';
import { openWireProxy, typeOf, type WireProxy } from '../pool/wire-proxy.js';

const ALL = 'select * from job order by id';

describe('C7: a reply that is not the one that is due', () => {
  const database = forAllTests(openFloorDatabase);
  let proxy: WireProxy;
  let pool: TenantPool;
  beforeEach(async () => {
    proxy = await openWireProxy(database.url);
    pool = database.pool({ connectionString: proxy.url, max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });
  afterEach(async () => {
    proxy.reply = undefined;
    await pool.end();
    await proxy.stop();
  });

  /** The whole reply to a query of `tenant`'s, as bytes. */
  const record = async (tenant = globex, text = ALL): Promise<Buffer[]> => {
    const bytes: Buffer[] = [];
    proxy.reply = (message) => {
      bytes.push(Buffer.from(message));
      return [message];
    };
    await database.context.run(tenant, () => pool.query(text));
    proxy.reply = undefined;
    return bytes;
  };

  /** The answer to one query of acme's when `bytes` come in place of its reply; anything of theirs is a leak. */
  const told = async (bytes: readonly Buffer[], text = ALL) => {
    const client = await database.context.run(acme, () => pool.connect());
    client.on('error', () => {});
    let first = true;
    proxy.reply = () => {
      const answer = first ? bytes : [];
      first = false;
      return answer;
    };
    const outcome = await client.query(text).catch((error: unknown) => error);
    proxy.reply = undefined;
    client.release();
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
    return outcome;
  };

  it("another tenant's whole reply", async () => {
    const outcome = await told(await record());
    expect(isTenantFloorError(outcome, 'connection_out_of_step')).toBe(true);
    expect(String(outcome)).not.toContain('globex');
  });

  it.each(['begin', 'commit', "set local lock_timeout = '1s'", 'savepoint a'])(
    "another tenant's whole reply to %s, which has no binding",
    async (text) => {
      expect(isTenantFloorError(await told(await record(), text), 'connection_out_of_step')).toBe(true);
    },
  );

  it("another tenant's reply to somebody without a tenant", async () => {
    const bytes = await record();
    const client = await pool.connect();
    client.on('error', () => {});
    proxy.reply = () => bytes.splice(0);
    const outcome = await client.query('SELECT 1').catch((error: unknown) => error);
    expect(isTenantFloorError(outcome, 'connection_out_of_step')).toBe(true);
    proxy.reply = undefined;
    client.release();
  });

  it("another tenant's reply, from any of its messages on", async () => {
    const bytes = await record();
    for (let from = 0; from < bytes.length; from += 1) {
      const outcome = await told(bytes.slice(from));
      expect([from, isTenantFloorError(outcome, 'connection_out_of_step')]).toEqual([from, true]);
    }
  });

  it('not even what its columns are called, or that it ended, is told', async () => {
    const recorded = await record();
    const alone = ['n', 'I', 's', 'C', 'T', 'd'].map((type) => Buffer.from(`${type}\0\0\0\x0a\0\0\0\0\0\0`, 'latin1'));
    for (const bytes of [...recorded.map((_, from) => recorded.slice(from)), ...alone.map((message) => [message])]) {
      const client = await database.context.run(acme, () => pool.connect());
      client.on('error', () => {});
      const told: string[] = [];
      const { connection } = client as unknown as { readonly connection: EventEmitter };
      for (const event of ['rowDescription', 'dataRow', 'commandComplete', 'noData', 'emptyQuery', 'copyData']) {
        connection.on(event, () => told.push(event));
      }
      connection.on('portalSuspended', () => told.push('portalSuspended'));
      let rest = bytes;
      proxy.reply = () => {
        const now = rest;
        rest = [];
        return now;
      };
      const outcome = await client.query(ALL).catch((error: unknown) => error);
      proxy.reply = undefined;
      client.release();
      expect(isTenantFloorError(outcome, 'connection_out_of_step')).toBe(true);
      expect(told).toEqual([]);
    }
  });

  it('the own reply without any one of the messages of its binding', async () => {
    const bytes = await record(acme);
    const end = bytes.findIndex((message) => typeOf(message) === 'C');
    // Of what stands before the row nothing is read; the row and its end are.
    for (let left = 0; left <= end; left += 1) {
      const outcome = await told(bytes.filter((_, index) => index !== left));
      if (typeOf(bytes[left] as Buffer) === 'D' || left === end) {
        expect(isTenantFloorError(outcome, 'connection_out_of_step')).toBe(true);
      }
    }
  });

  it('two receipts, or a receipt of the wrong length', async () => {
    const bytes = await record(acme);
    const at = bytes.findIndex((message) => typeOf(message) === 'D');
    const twice = [...bytes.slice(0, at + 1), ...bytes.slice(at)];
    expect(isTenantFloorError(await told(twice), 'connection_out_of_step')).toBe(true);
    const rowsFirst = bytes.filter((message, index) => index < at || typeOf(message) === 'T' || index > at);
    expect(isTenantFloorError(await told(rowsFirst), 'connection_out_of_step')).toBe(true);
    // A row of the tenant's own, which begins with its id as the receipt does.
    const row = bytes.findLast((message) => typeOf(message) === 'D') as Buffer;
    const longer = bytes.map((message, index) => (index === at ? row : message));
    expect(isTenantFloorError(await told(longer), 'connection_out_of_step')).toBe(true);
    const onlyReceipt = [...bytes.slice(0, at + 1), bytes.at(-1) as Buffer];
    expect(isTenantFloorError(await told(onlyReceipt), 'connection_out_of_step')).toBe(true);
  });

  it('an end that nobody asked for, with a query on its way and with none', async () => {
    const end = Buffer.from('Z\0\0\0\x05I', 'latin1');
    expect(isTenantFloorError(await told([end]), 'connection_out_of_step')).toBe(true);
    const closed = new Promise((resolve) => pool.once('error', resolve));
    proxy.wires.at(-1)?.client.write(end);
    expect(isTenantFloorError(await closed, 'connection_out_of_step')).toBe(true);
    const { rows } = await database.context.run(acme, () => pool.query(ALL));
    expect(areOwn(acme, rows)).toBe(true);
  });

  it('one reply swallowed, so that all that follow are one behind', async () => {
    let previous = await record(globex);
    let queue: Buffer[] = [];
    const next = await database.context.run(acme, () => pool.connect());
    next.on('error', () => {});
    proxy.reply = (message) => {
      queue.push(Buffer.from(message));
      if (typeOf(message) !== 'Z') return [];
      const late = previous;
      previous = queue;
      queue = [];
      return late;
    };
    const outcome = await next.query(ALL).catch((error: unknown) => error);
    expect(isTenantFloorError(outcome, 'connection_out_of_step')).toBe(true);
    proxy.reply = undefined;
    await expect(next.query(ALL)).rejects.toThrow();
    next.release();
  });

  it('twin: replies of two connections swapped while three tenants ask: no foreign row is handed on', async () => {
    const many = database.pool({ connectionString: proxy.url, max: 6, idleTimeoutMillis: 0 });
    await many.verify();
    let round = 0;
    let kept: { readonly bytes: Buffer[]; readonly write: (bytes: Buffer[]) => void } | undefined;
    const replies = new Map<number, Buffer[]>();
    // A connection's first replies are to its start-up.
    const started = new Set(proxy.wires);
    proxy.reply = (message, wire) => {
      if (!started.has(wire)) {
        if (typeOf(message) === 'Z') started.add(wire);
        return [message];
      }
      const bytes = replies.get(wire.index) ?? [];
      replies.set(wire.index, bytes);
      bytes.push(Buffer.from(message));
      if (typeOf(message) !== 'Z') return [];
      replies.delete(wire.index);
      round += 1;
      if (kept) {
        const other = kept;
        kept = undefined;
        other.write(bytes);
        return other.bytes;
      }
      if (round % 5 !== 0) return bytes;
      kept = { bytes, write: (swapped) => void wire.client.write(Buffer.concat(swapped)) };
      return [];
    };
    const counts = { wrong: 0, outOfStep: 0, whole: 0 };
    const asking = interleaved(database, { callers: 18, rounds: 12 }, async (tenant) => {
      await many.query(ALL).then(
        ({ rows }) => {
          if (areOwn(tenant, rows)) counts.whole += 1;
          else counts.wrong += 1;
        },
        (error: unknown) => {
          if (isTenantFloorError(error, 'connection_out_of_step')) counts.outOfStep += 1;
        },
      );
    });
    // A reply that is kept when nobody else asks any more would be kept for ever.
    const flush = setInterval(() => {
      const last = kept;
      kept = undefined;
      last?.write(last.bytes);
    }, 200);
    await asking;
    clearInterval(flush);
    expect(counts.wrong).toBe(0);
    expect(Math.min(counts.outOfStep, counts.whole)).toBeGreaterThan(3);
    proxy.reply = undefined;
    await many.end();
  });
});
