import { describe, expect, it } from 'vitest';
import { parseSql, SqlSyntaxError } from '../../src/parser/parse-sql.js';

const read = async (sql: string) => (await parseSql(sql)).map(({ kind, text, line }) => [kind, text, line]);

describe('parseSql', () => {
  it('finds statements where PostgreSQL does, in bytes of any width', async () => {
    const sql = `-- ä 🐘; no statement
create table "größe" (id int); /* one /* inside; */ another; */
;;

alter table "größe" add "🐘" text default ';';
do $body$ begin perform ';'; end $body$`;
    expect(await read(sql)).toEqual([
      ['CreateStmt', 'create table "größe" (id int)', 2],
      ['AlterTableStmt', `alter table "größe" add "🐘" text default ';'`, 5],
      ['DoStmt', `do $body$ begin perform ';'; end $body$`, 6],
    ]);
    for (const { text, start } of await parseSql(sql)) expect(sql.slice(start).startsWith(text)).toBe(true);
  });

  it('finds none in blanks and comments', async () => {
    for (const sql of ['', ' \n', '-- nothing', '/* nothing */ ;;']) expect(await read(sql)).toEqual([]);
  });

  it('says at which line PostgreSQL cannot read a text', async () => {
    const error = await parseSql("select 'ü';\nselec 1").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SqlSyntaxError);
    expect(error).toMatchObject({ line: 2, message: 'syntax error at or near "selec"' });
    await expect(parseSql('\\connect app')).rejects.toMatchObject({ line: 1 });
  });
});
