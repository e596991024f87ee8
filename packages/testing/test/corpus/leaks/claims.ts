import {
  Body,
  Controller,
  Get,
  Headers,
  type INestApplication,
  Inject,
  Injectable,
  Param,
  Post,
  Query,
  Req,
} from '@nestjs/common';
import { fromJwt, TenantContext, Untenanted, verifiedPayload } from '@tenancy/core';
import type { Pool } from 'pg';
import { SECRET } from '../hiring-application.js';
import { instead, type Parts, type Twins } from '../leak.js';
import { POOL, type Row, Tables } from '../tables.js';

interface Claims {
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

@Injectable()
class Jobs extends Tables {
  /** The tenant whose rows a request is about. */
  protected of(_claims: Claims): string {
    return this.tenantId;
  }

  all(claims: Claims): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', this.of(claims));
  }
}

@Injectable()
class Invoices extends Tables {
  async pay(invoiceId: string): Promise<Row> {
    return this.one(
      'update invoice set is_paid = true where id = $1 and tenant_id = $2 returning id, is_paid',
      invoiceId,
      this.tenantId,
    );
  }
}

@Controller()
class ClaimsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Get('jobs')
  list(@Query() query: Claims['query'], @Headers() headers: Claims['headers']) {
    return this.jobs.all({ query, body: {}, headers });
  }

  @Post('jobs/search')
  search(@Body() body: Claims['body'], @Headers() headers: Claims['headers']) {
    return this.jobs.all({ query: {}, body, headers });
  }
}

@Controller('webhooks')
class WebhooksController {
  constructor(@Inject(Invoices) private readonly invoices: Invoices) {}

  @Post('payments')
  paid(@Body('invoiceId') invoiceId: string) {
    return this.invoices.pay(invoiceId);
  }
}

@Controller('webhooks')
class LeakyWebhooksController extends Tables {
  @Untenanted()
  @Post('payments')
  paid(@Body('invoiceId') invoiceId: string) {
    return this.one('update invoice set is_paid = true where id = $1 returning id, is_paid', invoiceId);
  }
}

@Controller('applications')
class ApplicationsController extends Tables {
  @Get(':id')
  find(@Param('id') id: string) {
    return this.one('select letter from application where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

/** For people who follow a link in a mail, and are not signed in. */
@Controller('applications')
class LeakyApplicationsController extends Tables {
  @Untenanted()
  @Get(':id')
  find(@Param('id') id: string) {
    return this.one('select letter from application where id = $1', id);
  }
}

@Controller('notes')
class NotesController extends Tables {
  @Get()
  mine() {
    return this.many('select body from note where tenant_id = $1', this.tenantId);
  }
}

/** Works with a tenant and without one, as code that is shared with jobs does. */
@Controller('notes')
class LeakyNotesController extends Tables {
  @Untenanted()
  @Get()
  mine(@Req() request: object) {
    const tenantId = verifiedPayload<{ tenantId: string }>(request)?.tenantId ?? null;
    return this.many('select body from note where $1::text is null or tenant_id = $1', tenantId);
  }
}

interface RawResponse {
  status(code: number): RawResponse;
  json(body: unknown): void;
}

/** A route that no controller has, so that no guard stands before it. */
function debugRoute(sql: string): Pick<Parts, 'configure'> {
  return {
    configure: (app: INestApplication) => {
      const [pool, tenants] = [app.get<Pool>(POOL), app.get(TenantContext)];
      app.getHttpAdapter().get('/debug/candidates', async (_request: unknown, response: RawResponse) => {
        if (!tenants.isActive()) response.status(401).json({});
        else response.json((await pool.query(sql, [tenants.tenantId])).rows);
      });
    },
  };
}

const parts: Parts = {
  controllers: [ClaimsController, WebhooksController, ApplicationsController, NotesController],
  providers: [Jobs, Invoices],
  ...debugRoute('select name from candidate where tenant_id = $1'),
};
const beside = (name: string, leaky: NonNullable<Parts['controllers']>[number]): Parts => ({
  controllers: [...(parts.controllers ?? []).filter((each) => each.name !== name), leaky],
});

export const claims: Twins = {
  about: 'Who says whose request it is',
  correct: parts,
  examples: { 'POST /jobs/search': { body: { word: 'canary' } } },
  leaks: [
    {
      name: 'a tenant taken from the query string',
      entrance: 'GET /jobs',
      caughtBy: ['tenant-field'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override of({ query }: Claims) {
            return query['tenantId'] ?? this.tenantId;
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/jobs', { query: { tenantId: 't_globex' } })),
    },
    {
      name: 'a tenant taken from the body',
      entrance: 'POST /jobs/search',
      caughtBy: ['tenant-field'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override of({ body }: Claims) {
            return body['tenant_id'] ?? this.tenantId;
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.post('/jobs/search', { tenant_id: 't_globex' })),
    },
    {
      name: 'an unsigned header that names the tenant',
      entrance: 'GET /jobs',
      caughtBy: ['tenant-header'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override of({ headers }: Claims) {
            return headers['x-tenant-id'] ?? this.tenantId;
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/jobs', { headers: { 'x-tenant-id': 't_globex' } })),
    },
    {
      name: 'a source of the tenant that trusts an unsigned header',
      entrance: 'GET /jobs',
      caughtBy: ['tenant-header'],
      leaky: {
        sources: [
          {
            name: 'header',
            identify: ({ headers }) => (headers['x-tenant'] ? { slug: String(headers['x-tenant']) } : null),
          },
          {
            name: 'token',
            identify: async (request) => {
              const hint = await fromJwt({ secret: SECRET }).identify(request);
              return request.headers['x-tenant'] ? null : hint;
            },
          },
        ],
      },
      byHand: async ({ acme, shows }) => shows(await acme.get('/jobs', { headers: { 'x-tenant': 'globex' } })),
    },
    {
      name: "a token that is taken at another tenant's host",
      entrance: 'GET /jobs',
      caughtBy: ['other-host'],
      leaky: { sources: [fromJwt({ secret: SECRET })] },
      byHand: async ({ harness, acme }) => {
        const headers = { authorization: String(acme.headers['authorization']) };
        return (await harness.client({ host: 'globex.localhost', headers }).get('/jobs')).status === 200;
      },
    },
    {
      name: 'a route that works without a tenant, by an id',
      entrance: 'GET /applications/:id',
      caughtBy: ['no-tenant'],
      leaky: beside('ApplicationsController', LeakyApplicationsController),
      byHand: async ({ harness, theirs, shows }) =>
        shows(await harness.client({ host: null }).get(`/applications/${theirs.application.id}`)),
    },
    {
      name: 'a condition that is left out when there is no tenant',
      entrance: 'GET /notes',
      caughtBy: ['no-tenant'],
      leaky: beside('NotesController', LeakyNotesController),
      byHand: async ({ harness, shows }) => shows(await harness.client({ host: null }).get('/notes')),
    },
    {
      name: 'a webhook that takes any id from anybody',
      entrance: 'POST /webhooks/payments',
      caughtBy: ['no-tenant'],
      leaky: beside('WebhooksController', LeakyWebhooksController),
      byHand: async ({ harness, theirs, harms }) =>
        harms(() => harness.client({ host: null }).post('/webhooks/payments', { invoiceId: theirs.invoice.id })),
    },
    {
      name: 'a debug route on the adapter itself',
      entrance: 'GET /debug/candidates',
      caughtBy: ['own'],
      leaky: debugRoute('select name from candidate where $1 <> name'),
      byHand: async ({ acme, shows }) => shows(await acme.get('/debug/candidates')),
    },
  ],
};
