import { Logger } from '@nestjs/common';
import { escapeIdentifier } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTenantFloorError, rowLevelSecurity } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn } from './interleaved.js';
import { openWireProxy, typeOf, type WireProxy } from './wire-proxy.js';

const ALL = 'select * from job order by id';

/** In the text of the binding, as a pooler's fault would have it; no other length than before. */
const rewrite = (from: string, to: string) => (message: Buffer) => [
  typeOf(message) === 'P' && message.includes('set_config')
    ? Buffer.from(message.toString('latin1').replace(from, to), 'latin1')
    : message,
];

describe('the start-up checks', () => {
  const database = forAllTests(openFloorDatabase);
  let proxy: WireProxy;
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  beforeEach(async () => {
    proxy = await openWireProxy(database.url);
    warn.mockClear();
  });
  afterEach(() => proxy.stop());
  afterAll(async () => {
    warn.mockRestore();
  });

  const pool = (options = {}) => database.pool({ connectionString: proxy.url, max: 2, ...options });
  const KEEPS = rewrite(', true', ', 1=2 ');
  const LOSES = rewrite("'app.tenant_id'", "'app.tenant_ix'");

  it('G1: refuse a superuser, before any query is sent', async () => {
    const superuser = database.pool({ connectionString: database.superuserUrl });
    for (const work of [
      () => superuser.verify(),
      () => database.context.run(acme, () => superuser.query(ALL)),
      () => database.context.run(acme, () => superuser.connect()),
      () => superuser.query('SELECT 1'),
    ]) {
      await expect(work()).rejects.toMatchObject({
        code: 'floor_unsafe',
        message: expect.stringContaining('privileged-role'),
      });
    }
    const told = await new Promise((resolve) => database.context.run(acme, () => superuser.query(ALL, resolve)));
    expect(isTenantFloorError(told, 'floor_unsafe')).toBe(true);
  });

  it.each(['owner', 'member of the owner'])(
    'G1: refuse the %s of the tables, whose rights were taken from it',
    async (who) => {
      const role = new URL(database.url).username;
      await database.outside.query(
        who === 'owner'
          ? `alter table job owner to ${role}; revoke truncate on job from ${role}`
          : `create role ${role}_owner; alter table job owner to ${role}_owner; revoke truncate on job from ${role}_owner; grant ${role}_owner to ${role}`,
      );
      try {
        const own = database.pool();
        const error = await database.context.run(acme, () => own.query(ALL)).catch((thrown: unknown) => thrown);
        expect(isTenantFloorError(error, 'floor_unsafe')).toBe(true);
        expect(String(error).match(/^- [a-z-]+/gm)).toEqual(['- table-owner']);
        const known = database.pool({ checks: { 'table-owner': 'warn' } });
        await known.verify();
        expect(warn.mock.calls.flat().join()).toContain('table-owner');
      } finally {
        await database.outside.query(
          `alter table job owner to current_user; grant select, insert, update, delete on job to ${role}; drop role if exists ${role}_owner`,
        );
      }
    },
  );

  it.each([
    ['keeps a setting for the next query', KEEPS, 'a binding stayed'],
    ['loses the binding', LOSES, 'without its own binding'],
  ])('refuse a connection that %s, and look again the next time', async (_, fault, message) => {
    const own = pool();
    proxy.request = fault;
    const error = await own.verify().catch((thrown: unknown) => thrown);
    expect(isTenantFloorError(error, 'floor_unsafe')).toBe(true);
    expect(String(error)).toContain(message);
    await expect(database.context.run(acme, () => own.query(ALL))).rejects.toMatchObject({ code: 'floor_unsafe' });
    proxy.request = undefined;
    const { rows } = await database.context.run(acme, () => own.query(ALL));
    expect(areOwn(acme, rows)).toBe(true);
    expect(own.totalCount).toBe(1);
  });

  it('name a tenant that is preset once, as what it is', async () => {
    const role = new URL(database.url).username;
    await database.outside.query(`alter role ${role} set app.tenant_id = 't_acme'`);
    try {
      const error = await database
        .pool()
        .verify()
        .catch((thrown: unknown) => thrown);
      expect(String(error)).toContain('- preset-tenant:');
      expect(String(error)).not.toContain('two-tenants');
    } finally {
      await database.outside.query(`alter role ${role} reset app.tenant_id`);
    }
  });

  it('refuse a connection on which no two queries meet the same server process', async () => {
    let process = 0;
    proxy.reply = (message) => {
      // The row of the check itself: its tenant, and the server process, as text.
      if (typeOf(message) !== 'D' || !message.includes('tenancy check') || message.readInt16BE(5) !== 2)
        return [message];
      process += 1;
      const digits = Buffer.from(String(10 ** 8 + process));
      const body = message.subarray(0, message.length - message.readInt32BE(7 + 4 + message.readInt32BE(7)) - 4);
      const size = Buffer.alloc(4);
      size.writeInt32BE(digits.length);
      const changed = Buffer.concat([body, size, digits]);
      changed.writeInt32BE(changed.length - 1, 1);
      return [changed];
    };
    await expect(pool().verify()).rejects.toThrow(/could not be brought onto one server process/);
  });

  it('are warnings where the application says so, by name', async () => {
    proxy.request = KEEPS;
    await expect(pool({ checks: { 'two-tenants': 'warn' } }).verify()).resolves.toBeUndefined();
    expect(warn.mock.calls.flat().join()).toContain('a binding stayed');
    warn.mockClear();
    await expect(pool({ checks: { 'two-tenants': 'off' } }).verify()).resolves.toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
    await expect(pool({ checks: { 'privileged-role': 'warn' } }).verify()).rejects.toMatchObject({
      code: 'floor_unsafe',
    });
  });

  it('are made once, however many ask at once', async () => {
    const own = pool();
    await Promise.all([
      own.verify(),
      own.verify(),
      ...[acme, globex, acme].map((tenant) => database.context.run(tenant, () => own.query(ALL))),
    ]);
    const checks = () => proxy.texts.filter((text) => text.includes('as process')).length;
    const made = checks();
    expect(made).toBeGreaterThan(0);
    await own.verify();
    await database.context.run(acme, () => own.query(ALL));
    expect(checks()).toBe(made);
  });

  it('tell what pg tells when there is no connection, or it is lost meanwhile, and look again', async () => {
    const own = pool();
    let messages = 0;
    proxy.reply = (message, wire) => {
      messages += 1;
      if (messages === 60) wire.cut();
      return messages >= 60 ? [] : [message];
    };
    await expect(own.verify()).rejects.toThrow(/terminated/);
    proxy.reply = undefined;
    await own.verify();
    const nowhere = database.pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    await expect(nowhere.verify()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(database.context.run(acme, () => nowhere.query(ALL))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('are interpreted, by no message more, in no transaction and with no setting that stays', async () => {
    // As a check reads it when it is written into its text.
    const odd = 'o\'d "\\ $1';
    await database.outside.query(`create schema ${escapeIdentifier(odd)}`);
    const own = pool({ isolation: rowLevelSecurity({ shared: ['country'], schemas: ['public', odd] }) });
    await own.verify();
    const asked = proxy.texts.filter((text) => text.includes('json_agg(found)'));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((text) => !text.startsWith('set local jit = off; select'))).toEqual([]);
    expect(proxy.texts.filter((text) => /^(begin|commit)/.test(text))).toEqual([]);
    const source = "select source from pg_settings where name = 'jit'";
    const { rows } = await database.context.run(acme, () => own.query(source));
    expect(rows).toEqual((await database.outside.query(source)).rows);
  });

  it('are not misled by the type parsers of the application', async () => {
    const raw = { getTypeParser: () => (text: string | Buffer) => `raw ${text}` };
    const own = pool({ types: raw });
    await own.verify();
    const { rows } = await database.context.run(acme, () => own.query('select id from job where id = 1'));
    expect(rows).toEqual([{ id: 'raw 1' }]);
    await expect(
      database.pool({ connectionString: database.superuserUrl, types: raw as never }).verify(),
    ).rejects.toMatchObject({ code: 'floor_unsafe' });
  });
});
