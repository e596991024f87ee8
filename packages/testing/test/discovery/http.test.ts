import {
  All,
  Controller,
  type DynamicModule,
  Get,
  HttpCode,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Param,
  Post,
  Query,
  RequestMethod,
  Res,
  Scope,
  Sse,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { Untenanted } from '@tenancy/core';
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/discovery/example-request.js';
import { watchAdapter } from '../../src/discovery/watch-adapter.js';
import { type AdapterName, adapters, discoveredInTest } from './discovered.js';

const discover = discoveredInTest();

abstract class ReadsOne {
  @Get(':id')
  one(@Param('id') id: string) {
    return { one: id };
  }
}

@Controller('jobs')
class JobsController extends ReadsOne {
  @Get(['', 'all'])
  list() {
    return ['jobs'];
  }

  @Post(':id/notes/:noteId')
  @HttpCode(200)
  note(@Param('id') id: string, @Param('noteId') noteId: string) {
    return { id, noteId };
  }

  @All('any')
  any() {
    return 'any';
  }

  @Sse('events')
  events() {
    return of({ data: 'event' });
  }

  @Untenanted()
  @Get('open')
  open() {
    return 'open';
  }
}

@Controller('files')
class FilesController {
  @Get('*')
  file() {
    return 'file';
  }
}

@Untenanted()
@Controller('health')
class HealthController {
  @Get()
  health() {
    return 'up';
  }
}

@Injectable()
class ForEachRequest {}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get()
  scoped() {
    return 'scoped';
  }
}

@Module({
  controllers: [JobsController, FilesController, HealthController, ScopedController],
  providers: [ForEachRequest],
})
class AppModule {}

const ROUTES = [
  'GET /jobs/:id',
  'GET /jobs',
  'GET /jobs/all',
  'POST /jobs/:id/notes/:noteId',
  'ALL /jobs/any',
  'GET /jobs/events',
  'GET /jobs/open',
  'GET /files/*',
  'GET /health',
  'GET /scoped',
];

describe.each(['Express', 'Fastify'] as const)('on %s', (adapter: AdapterName) => {
  it('finds each route of each controller once, inherited ones too', async () => {
    const { ids, find } = await discover(AppModule, adapter);
    expect([...ids].sort()).toEqual([...ROUTES].sort());
    expect(find('GET /jobs/:id')).toMatchObject({ kind: 'http', handler: 'JobsController.one', isUntenanted: false });
    expect(find('GET /jobs/events').kind).toBe('sse');
    expect(find('GET /scoped').handler).toBe('ScopedController.scoped');
    expect(find('POST /jobs/:id/notes/:noteId').route).toMatchObject({
      method: 'POST',
      parameters: [
        { in: 'path', name: 'id', isRequired: true },
        { in: 'path', name: 'noteId', isRequired: true },
      ],
      body: null,
    });
  });

  it('knows what is @Untenanted(), by handler and by controller', async () => {
    const { entrances } = await discover(AppModule, adapter);
    expect(entrances.filter(({ isUntenanted }) => isUntenanted).map(({ id }) => id)).toEqual([
      'GET /jobs/open',
      'GET /health',
    ]);
  });

  it('knows the global prefix, and what is excluded from it', async () => {
    const { ids, send } = await discover(AppModule, adapter, (app) =>
      app.setGlobalPrefix('api', { exclude: ['health', { path: 'jobs/all', method: RequestMethod.GET }] }),
    );
    const isOutside = (id: string) => id.endsWith('/health') || id.endsWith('/jobs/all');
    expect([...ids].sort()).toEqual(ROUTES.map((id) => (isOutside(id) ? id : id.replace(' /', ' /api/'))).sort());
    for (const path of ['/api/jobs/open', '/health', '/jobs/all']) {
      expect((await send({ method: 'GET', path })).status, path).toBe(200);
    }
  });

  it('knows where RouterModule and dynamic modules put their controllers', async () => {
    @Module({})
    class AdminModule {
      static register(): DynamicModule {
        return { module: AdminModule, controllers: [HealthController] };
      }
    }
    @Module({ imports: [AdminModule.register(), RouterModule.register([{ path: 'admin', module: AdminModule }])] })
    class RoutedModule {}
    const { ids } = await discover(RoutedModule, adapter);
    expect(ids).toEqual(['GET /admin/health']);
  });

  it('takes the same controller in two modules for one at one address, for two at two', async () => {
    @Module({ controllers: [HealthController] })
    class One {}
    @Module({ controllers: [HealthController] })
    class Two {}
    // Fastify does not take two at one address.
    if (adapter === 'Express') {
      @Module({ imports: [One, Two] })
      class Both {}
      expect((await discover(Both, adapter)).ids).toEqual(['GET /health']);
    }
    @Module({ imports: [One, Two, RouterModule.register([{ path: 'two', module: Two }])] })
    class Apart {}
    expect((await discover(Apart, adapter)).ids).toEqual(['GET /health', 'GET /two/health']);
  });

  @Controller('versioned')
  class VersionedController {
    @Get()
    plain() {
      return 'neutral';
    }
  }
  @Controller({ path: 'versioned', version: '1' })
  class FirstController {
    @Get()
    first() {
      return 'first';
    }

    @Get('second')
    alsoFirst() {
      return 'also first';
    }
  }
  @Controller({ path: 'versioned', version: ['2', '3'] })
  class SecondController {
    @Get()
    second() {
      return 'second';
    }
  }
  @Module({ controllers: [FirstController, SecondController] })
  class VersionedModule {}

  it('knows versions in the path', async () => {
    const { ids } = await discover(VersionedModule, adapter, (app) =>
      app.enableVersioning({ type: VersioningType.URI }),
    );
    expect(ids).toEqual(['GET /v1/versioned', 'GET /v1/versioned/second', 'GET /v2/versioned', 'GET /v3/versioned']);
  });

  it.each([
    ['a header', { type: VersioningType.HEADER, header: 'x-version' }],
    ['the media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' }],
  ] as const)('tells versions apart by %s, and calls each', async (_, versioning) => {
    const { ids, find, send } = await discover(VersionedModule, adapter, (app) => app.enableVersioning(versioning));
    expect(ids).toEqual([
      'GET /versioned (version 1)',
      'GET /versioned/second (version 1)',
      'GET /versioned (version 2, 3)',
    ]);
    for (const [id, body] of [
      ['GET /versioned (version 1)', 'first'],
      ['GET /versioned/second (version 1)', 'also first'],
      ['GET /versioned (version 2, 3)', 'second'],
    ] as const) {
      expect(await send(guessed(find(id)))).toEqual({ status: 200, body });
    }
  });

  it('leaves neutral routes as they are', async () => {
    @Controller({ path: 'neutral', version: VERSION_NEUTRAL })
    class NeutralController extends VersionedController {}
    @Module({ controllers: [NeutralController] })
    class NeutralModule {}
    const { ids } = await discover(NeutralModule, adapter, (app) =>
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    );
    expect(ids).toEqual(['GET /neutral']);
  });

  it('finds what is put on the adapter itself', async () => {
    const { ids, find, send } = await discover(AppModule, adapter, (app) => {
      const http = app.getHttpAdapter();
      const answer = (_: unknown, response: { send(body: string): void }) => response.send('raw');
      http.get('/raw/:rawId', answer);
      http.post('/raw', answer);
    });
    expect(ids.slice().sort()).toEqual([...ROUTES, 'GET /raw/:rawId', 'POST /raw'].sort());
    expect(find('GET /raw/:rawId')).toEqual({
      id: 'GET /raw/:rawId',
      kind: 'http',
      handler: null,
      isUntenanted: false,
      route: {
        method: 'GET',
        path: '/raw/:rawId',
        parameters: [{ in: 'path', name: 'rawId', isRequired: true, schema: null }],
        body: null,
      },
    });
    expect(find('POST /raw').route?.body).toBe('unknown');
    expect(await send({ method: 'GET', path: '/raw/7' })).toEqual({ status: 200, body: 'raw' });
  });

  it('finds functions that are mounted at a path, and takes middleware for none', async () => {
    @Module({ controllers: [HealthController] })
    class WithMiddleware {
      configure(consumer: MiddlewareConsumer) {
        const pass = (_: unknown, __: unknown, next: () => void) => next();
        consumer.apply(pass).forRoutes('*path');
        consumer.apply(pass).forRoutes({ path: 'health', method: RequestMethod.GET });
        consumer.apply(pass).forRoutes({ path: 'other/*path', method: RequestMethod.POST });
        consumer.apply(pass).forRoutes(HealthController);
      }
    }
    const { ids, send } = await discover(WithMiddleware, adapter, (app) => {
      app.enableCors();
      app.use((_: unknown, __: unknown, next: () => void) => next());
      app.use('/mounted', (_: unknown, response: { end(body: string): void }) => response.end('mounted'));
    });
    expect([...ids].sort()).toEqual(['GET /health', 'USE /mounted']);
    expect(await send({ method: 'GET', path: '/mounted/below' })).toEqual({ status: 200, body: 'mounted' });
  });
});

function guessed(entrance: { readonly route: Parameters<typeof exampleRequest>[0] | null }) {
  if (!entrance.route) throw new Error('It has no route.');
  const request = exampleRequest(entrance.route, {}, { canary: (name) => `canary ${name}`, given: {} });
  if ('unknown' in request) throw new Error(request.unknown);
  return request;
}

describe('on Express alone', () => {
  it('knows wildcards and optional parts as Express writes them', async () => {
    @Controller()
    class PagesController {
      @Get('files/*path')
      file() {
        return 'file';
      }

      @Get('jobs{/:id}')
      job() {
        return 'job';
      }

      @Get('{*page}')
      page() {
        return 'page';
      }
    }
    @Module({ controllers: [PagesController] })
    class Pages {}
    const { ids, find, send } = await discover(Pages);
    expect(ids).toEqual(['GET /files/*path', 'GET /jobs{/:id}', 'GET /{*page}']);
    expect(find('GET /jobs{/:id}').route?.parameters).toMatchObject([{ name: 'id', isRequired: false }]);
    for (const [id, body] of [
      ['GET /jobs{/:id}', 'job'],
      ['GET /{*page}', 'page'],
    ] as const) {
      expect(await send(guessed(find(id)))).toEqual({ status: 200, body });
    }
  });

  it('tells routes apart by their host', async () => {
    @Controller({ path: 'jobs', host: 'admin.localhost' })
    class AdminJobs {
      @Get()
      list() {
        return 'admin';
      }
    }
    @Controller({ path: 'jobs', host: ':tenant.localhost' })
    class TenantJobs {
      @Get()
      list() {
        return 'tenant';
      }
    }
    @Module({ controllers: [AdminJobs, TenantJobs] })
    class Hosts {}
    expect((await discover(Hosts)).ids).toEqual([
      'GET /jobs (host admin.localhost)',
      'GET /jobs (host :tenant.localhost)',
    ]);
  });

  it('tells two handlers at one address apart', async () => {
    @Controller('health')
    class OtherHealthController {
      @Get()
      other() {
        return 'other';
      }
    }
    @Module({ controllers: [HealthController, OtherHealthController] })
    class Two {}
    expect((await discover(Two)).ids).toEqual([
      'GET /health (HealthController.health)',
      'GET /health (OtherHealthController.other)',
    ]);
  });

  it('finds routes in routers, in routers in them, and in whole applications', async () => {
    const answer = (_: Request, response: Response) => {
      response.send('answer');
    };
    const pass = (_: Request, __: Response, next: NextFunction) => next();
    const inner = Router();
    inner.get('/deep', answer);
    const router = Router();
    router.use(pass);
    router.get('/', answer);
    router.route('/both').get(answer).put(answer);
    router.use('/inner', inner);
    const application = express();
    application.get('/page', answer);
    const onlyMiddleware = Router();
    onlyMiddleware.use(answer);
    const { ids, find, send } = await discover(AppModule, 'Express', (app) => {
      app.use('/router', pass, router);
      app.use(['/one', '/two'], application);
      app.use('/only', onlyMiddleware);
      app.use('/errors', (_: unknown, __: Request, ___: Response, next: NextFunction) => next());
      app
        .getHttpAdapter()
        .getInstance()
        .get(/^\/reg(exp)?$/, answer);
      app.getHttpAdapter().getInstance().use(express.static('.'));
    });
    expect(ids.filter((id) => !ROUTES.includes(id)).sort()).toEqual(
      [
        'USE /router',
        'GET /router',
        'GET /router/both',
        'PUT /router/both',
        'GET /router/inner/deep',
        'GET /one/page',
        'GET /two/page',
        'USE /only',
        'GET /^\\/reg(exp)?$/',
        'USE /',
      ].sort(),
    );
    // No address to call.
    expect(find('GET /^\\/reg(exp)?$/').route).toBeNull();
    for (const path of ['/router', '/router/both', '/router/inner/deep', '/one/page', '/two/page', '/only']) {
      expect((await send({ method: 'GET', path })).body, path).toBe('answer');
    }
  });

  it("finds what a handler of Express's own kind answers", async () => {
    @Controller('own')
    class OwnController {
      @Get()
      own(@Res() response: Response, @Query('id') _: string) {
        response.send('own');
      }
    }
    @Module({ controllers: [OwnController] })
    class Own {}
    const { find, send } = await discover(Own);
    expect(find('GET /own').route?.parameters).toEqual([
      { in: 'query', name: 'id', isRequired: false, schema: { type: 'string' } },
    ]);
    expect((await send(guessed(find('GET /own')))).body).toBe('own');
  });
});

it('refuses an adapter that it did not watch', async () => {
  const { app } = await discover(AppModule, 'Fastify');
  const { discoverEntrances } = await import('../../src/discovery/discover-entrances.js');
  const unwatched = Object.create(app, { getHttpAdapter: { value: () => adapters.Fastify() } }) as typeof app;
  expect(() => discoverEntrances(unwatched)).toThrow(/was not watched/);
  expect(() => watchAdapter(app.getHttpAdapter() as never)).not.toThrow();
});
