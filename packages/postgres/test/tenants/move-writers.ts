import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantPool } from '../../src/index.js';
import { isTenantFenced } from '../../src/tenants.js';
import type { MoveFixture } from './move-fixture.js';

/** Writers of a tenant, who write down what was acknowledged, and run again what the fence has refused. */
export class Writers {
  readonly #fixture: MoveFixture;
  readonly #id: string;
  readonly #pool: TenantPool;
  readonly #running: Promise<void>[];
  readonly #inserted = new Set<string>();
  readonly #deleted = new Set<string>();
  #touches = 0;
  #isOver = false;
  #refusedSince: number | undefined;
  /** Milliseconds of the longest statement that was not refused, and of the longest time in which all were. */
  longestWait = 0;
  longestStop = 0;
  refusals = 0;

  constructor(fixture: MoveFixture, id: string, count = 8) {
    this.#fixture = fixture;
    this.#id = id;
    this.#pool = fixture.pool(count);
    this.#running = Array.from({ length: count }, (_, n) => this.#write(n));
  }

  get acknowledged(): number {
    return this.#inserted.size + this.#deleted.size + this.#touches;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  /** Differences from what was acknowledged: none, where no write is lost and none came twice. */
  async lost(): Promise<readonly string[]> {
    const rows = await this.#fixture.rowsAt(this.#id, (await this.#fixture.directory.get(this.#id)).place);
    const tokens = rows.flatMap((row) => row.match(/token-\d+-\d+/g) ?? []);
    const touches = rows.reduce((sum, row) => sum + (row.match(/~/g)?.length ?? 0), 0);
    const found = new Set(tokens);
    return [
      ...[...this.#inserted].filter((token) => !found.has(token)).map((token) => `${token} is missing`),
      ...[...this.#deleted].filter((token) => found.has(token)).map((token) => `${token} is there again`),
      ...(tokens.length === found.size ? [] : [`${tokens.length - found.size} rows are there twice`]),
      ...(tokens.length === this.#inserted.size ? [] : [`${tokens.length} rows, of ${this.#inserted.size}`]),
      ...(touches === this.#touches ? [] : [`${touches} updates, of ${this.#touches}`]),
    ];
  }

  async #write(writer: number): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const token = `token-${writer}-${n}`;
      await this.#done('insert into item (body, job_id) select $1, min(id) from job', [token]);
      this.#inserted.add(token);
      await this.#done(
        `update item set n = coalesce(n, 0) + 1, span = interval '1 s', body = body || '~' where id = (select min(id) + ${writer} from item)`,
      );
      this.#touches += 1;
      if (n % 3 === 2) {
        const gone = `token-${writer}-${n - 1}`;
        await this.#done('delete from item where body like $1', [`${gone} %`]);
        this.#inserted.delete(gone);
        this.#deleted.add(gone);
      }
      await sleep(20);
    }
  }

  async #done(text: string, values: unknown[] = []): Promise<void> {
    for (;;) {
      const began = performance.now();
      try {
        const { rowCount } = await this.#fixture.as(this.#id, () => this.#pool.query(text, values));
        if (rowCount !== 1) throw new Error(`${rowCount} rows of: ${text}`);
        this.longestWait = Math.max(this.longestWait, performance.now() - began);
        if (this.#refusedSince !== undefined)
          this.longestStop = Math.max(this.longestStop, performance.now() - this.#refusedSince);
        this.#refusedSince = undefined;
        return;
      } catch (error) {
        if (!isTenantFenced(error)) throw error;
        this.refusals += 1;
        this.#refusedSince ??= began;
        await sleep(20);
      }
    }
  }
}
