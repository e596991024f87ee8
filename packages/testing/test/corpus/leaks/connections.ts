import { BadRequestException, ConflictException, Controller, Get, Inject, Injectable, Query } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import type { Pool, PoolClient } from 'pg';
import { again } from '../again.js';
import { instead, type Twins } from '../leak.js';
import { POOL, type Row, Tables } from '../tables.js';

/** Settings of one connection are there for whoever gets it next. */
@Injectable()
class Connections extends Tables {
  constructor(
    @Inject(POOL) private readonly connections: Pool,
    @Inject(TenantContext) tenants: TenantContext,
  ) {
    super(connections, tenants);
  }

  protected async connected<R>(work: (connection: PoolClient) => Promise<R>): Promise<R> {
    const connection = await this.connections.connect();
    try {
      return await work(connection);
    } finally {
      connection.release();
    }
  }

  protected transaction<R>(work: (connection: PoolClient) => Promise<R>): Promise<R> {
    return this.connected(async (connection) => {
      await connection.query('begin');
      try {
        return await work(connection);
      } finally {
        await connection.query('rollback');
      }
    });
  }
}

const JOBS = "select id, title from job where tenant_id = current_setting('app.tenant') order by created_at";

@Injectable()
class Jobs extends Connections {
  list(): Promise<Row[]> {
    return this.transaction(async (connection) => {
      await connection.query("select set_config('app.tenant', $1, true)", [this.tenantId]);
      return (await connection.query<Row>(JOBS)).rows;
    });
  }
}

@Injectable()
class Shortlist extends Connections {
  list(): Promise<Row[]> {
    return this.connected(async (connection) => {
      await this.gather(connection);
      return (await connection.query<Row>('select distinct name from picked order by name')).rows;
    });
  }

  protected async gather(connection: PoolClient): Promise<void> {
    await connection.query('drop table if exists picked');
    await this.fill(connection);
  }

  protected async fill(connection: PoolClient): Promise<void> {
    await connection.query('create temp table if not exists picked (name text)');
    await connection.query('insert into picked select name from candidate where tenant_id = $1', [this.tenantId]);
  }
}

/** Takes a while, and is done once at a time. */
@Injectable()
class Payroll extends Connections {
  sum(): Promise<Row> {
    return this.transaction(async (connection) => {
      const { rows } = await connection.query<Row>('select pg_try_advisory_xact_lock(hashtext($1)) as mine', [
        this.lock(),
      ]);
      if (!rows[0]?.['mine']) throw new ConflictException('The payroll is being summed up.');
      await connection.query('select pg_sleep(0.1)');
      const jobs = await connection.query<Row>(
        'select title, salary from job where tenant_id = $1 order by created_at',
        [this.tenantId],
      );
      return { jobs: jobs.rows };
    });
  }

  protected lock(): string {
    return `payroll of ${this.tenantId}`;
  }
}

@Injectable()
class Calendar extends Connections {
  list(zone?: string): Promise<Row[]> {
    return this.transaction(async (connection) => {
      await this.setZone(connection, zone).catch(() => {
        throw new BadRequestException('No such time zone');
      });
      const { rows } = await connection.query<Row>(
        `select title, to_char(created_at, 'YYYY-MM-DD HH24:MI:SS TZH') as "createdAt" from job where tenant_id = $1
         order by created_at`,
        [this.tenantId],
      );
      await connection.query('commit');
      return rows;
    });
  }

  protected async setZone(connection: PoolClient, zone = 'UTC'): Promise<void> {
    await connection.query("select set_config('timezone', $1, true)", [zone]);
  }
}

@Controller()
class ConnectionsController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Shortlist) private readonly shortlist: Shortlist,
    @Inject(Payroll) private readonly payroll: Payroll,
    @Inject(Calendar) private readonly calendar: Calendar,
  ) {}

  @Get('jobs')
  list() {
    return this.jobs.list();
  }

  @Get('shortlist')
  picked() {
    return this.shortlist.list();
  }

  @Get('payroll')
  sum() {
    return this.payroll.sum();
  }

  @Get('calendar')
  dates(@Query('tz') zone?: string) {
    return this.calendar.list(zone);
  }
}

export const connections: Twins = {
  about: 'Connections of a pool',
  correct: { controllers: [ConnectionsController], providers: [Jobs, Shortlist, Payroll, Calendar] },
  leaks: [
    {
      name: 'a setting of the session, which outlives the request',
      entrance: 'GET /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override list() {
            return this.connected(async (connection) => {
              await connection.query(
                "select set_config('app.tenant', coalesce(nullif(current_setting('app.tenant', true), ''), $1), false)",
                [this.tenantId],
              );
              return (await connection.query<Row>(JOBS)).rows;
            });
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/jobs');
        return shows((await acme.get('/jobs')).body);
      },
    },
    {
      name: 'a temporary table that is still there on the connection',
      entrance: 'GET /shortlist',
      leaky: instead(
        Shortlist,
        class extends Shortlist {
          protected override gather(connection: PoolClient) {
            return this.fill(connection);
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/shortlist');
        return shows((await acme.get('/shortlist')).body);
      },
    },
    {
      name: 'an advisory lock that all tenants wait for',
      entrance: 'GET /payroll',
      leaky: instead(
        Payroll,
        class extends Payroll {
          protected override lock() {
            return 'payroll';
          }
        },
      ),
      byHand: ({ acme, globex }) =>
        again(async () => {
          const answers = await Promise.all([globex.get('/payroll'), acme.get('/payroll')]);
          return answers.some(({ status }) => status === 409);
        }),
    },
    {
      name: 'a time zone that stays on the connection of whoever chose it',
      entrance: 'GET /calendar',
      leaky: instead(
        Calendar,
        class extends Calendar {
          protected override async setZone(connection: PoolClient, zone?: string) {
            if (zone) await connection.query("select set_config('timezone', $1, false)", [zone]);
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        const dates = async () => JSON.stringify((await acme.get('/calendar')).body);
        const before = await dates();
        await globex.get('/calendar', { query: { tz: 'Asia/Tokyo' } });
        return (await dates()) !== before;
      },
    },
  ],
};
