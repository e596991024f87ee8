import {
  BadRequestException,
  Body,
  Controller,
  DefaultValuePipe,
  Delete,
  Get,
  Headers,
  Module,
  Param,
  ParseBoolPipe,
  ParseEnumPipe,
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  type PipeTransform,
  Post,
  Query,
  UploadedFile,
  ValidationPipe,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Planted } from '../../src/canaries/planted.js';
import type { Route } from '../../src/discovery/entrance.js';
import { exampleRequest, type GivenParts } from '../../src/discovery/example-request.js';
import { type AdapterName, type Discovered, discovered } from './discovered.js';

const JOB = '0f8fad5b-d9cb-469f-a165-70867728950e';
const PLANTED: Planted = {
  job: { id: JOB, slug: 'reactor-technician', title: 'canary title 4711', companyId: 'company-1' },
  candidates: [{ id: 'c1', email: 'canary@example.test' }, { id: 'c2' }],
  'job-offer': { uuid: 'offer-1' },
  file: { path: 'acme/cv one.pdf' },
  note: { _id: 'n1' },
};

function guess(route: Partial<Route>, given: GivenParts = {}, planted: Planted = PLANTED) {
  const whole: Route = { method: 'GET', path: '/', parameters: [], body: null, ...route };
  return exampleRequest(whole, planted, { canary: (name) => `canary ${name}`, given });
}

describe('the path of an example', () => {
  it.each([
    ['/jobs/:id', `/jobs/${JOB}`],
    ['/jobs/:jobId/candidates/:candidateId', `/jobs/${JOB}/candidates/c1`],
    ['/jobs/:jobId/candidates/:id', `/jobs/${JOB}/candidates/c1`],
    ['/jobs/:job_id/close', `/jobs/${JOB}/close`],
    ['/jobs/:slug', '/jobs/reactor-technician'],
    ['/:companyId/jobs/:id', null],
    ['/jobs/export/:id', `/jobs/export/${JOB}`],
    ['/open-jobs/:id', `/open-jobs/${JOB}`],
    ['/job-offers/:id', '/job-offers/offer-1'],
    ['/jobOffers/:jobOfferId', '/jobOffers/offer-1'],
    ['/notes/:id', '/notes/n1'],
    ['/jobs/:id.csv', `/jobs/${JOB}.csv`],
    ['/jobs/:id(\\d+)/x', `/jobs/${JOB}/x`],
    ['/jobs{/:id}', `/jobs/${JOB}`],
    ['/things{/:id}', '/things'],
    ['/files/*path', '/files/acme/cv%20one.pdf'],
    ['/{*page}', '/'],
    ['/things/:id', null],
    ['/jobs/:id/things/:thingId', null],
  ])('fills %s', (path, filled) => {
    const request = guess({ path });
    expect('path' in request ? request.path : null).toBe(filled);
  });

  it("says which parameter names nothing that was planted, and takes the author's", () => {
    expect(guess({ path: '/jobs/:id/things/:thingId' })).toEqual({
      unknown: 'The path parameter `thingId` names nothing that was planted.',
    });
    expect(guess({ path: '/jobs/:id/things/:thingId' }, { path: { thingId: 'a/b' } })).toMatchObject({
      path: `/jobs/${JOB}/things/a%2Fb`,
    });
  });
});

describe('the query of an example', () => {
  const query = (name: string, more: object = {}) =>
    ({ in: 'query', name, isRequired: false, schema: null, ...more }) as const;

  it('names rows and searches for what every tenant has; leaves out the rest', () => {
    const names = [
      'jobId',
      'candidateId',
      'thingId',
      'q',
      'search',
      'sort',
      'order',
      'cursor',
      'after',
      'limit',
      'page',
    ];
    expect(guess({ path: '/jobs', parameters: names.map((name) => query(name)) })).toMatchObject({
      query: { jobId: JOB, candidateId: 'c1', q: 'canary', search: 'canary' },
    });
    expect(
      guess({ path: '/jobs', parameters: [query('status', { schema: { enum: ['closed'] } })] }),
    ).not.toHaveProperty('query');
  });

  it('searches for nothing where nothing was planted that it would find', () => {
    const planted = { job: { id: 'j1', title: 'Reactor technician 4711' } };
    expect(guess({ path: '/jobs', parameters: [query('q')] }, {}, planted)).not.toHaveProperty('query');
  });

  it('fills what is required, or says that it cannot', () => {
    const required = (name: string, schema: object | null = null) => query(name, { isRequired: true, schema });
    expect(
      guess({
        path: '/jobs',
        parameters: [required('limit', { type: 'integer' }), required('status', { enum: ['open'] })],
      }),
    ).toMatchObject({ query: { limit: 1, status: 'open' } });
    expect(guess({ path: '/jobs', parameters: [required('thingId')] })).toEqual({
      unknown: 'The query `thingId` cannot be guessed: nothing that was planted is named by `thingId`.',
    });
    expect(guess({ path: '/jobs', parameters: [required('thingId')] }, { query: { thingId: 7 } })).toMatchObject({
      query: { thingId: 7 },
    });
  });
});

describe('the body of an example', () => {
  const body = (schema: Route['body'], given: GivenParts = {}) =>
    guess({ method: 'POST', path: '/jobs', body: schema }, given);

  it('is made from its schema', () => {
    expect(
      body({
        type: 'object',
        required: ['title', 'candidateId', 'count', 'kind', 'mail', 'code', 'tags', 'inner'],
        properties: {
          title: { type: 'string', maxLength: 200 },
          candidateId: { type: 'string' },
          count: { type: 'integer', minimum: 3, multipleOf: 5 },
          kind: { enum: ['full', 'part'] },
          mail: { type: 'string', format: 'email' },
          code: { type: 'string', pattern: '^[A-Z]{3}$' },
          tags: { type: 'array', items: { type: 'string' }, minItems: 2 },
          inner: { allOf: [{ properties: { jobId: {} } }, { properties: { at: { format: 'date' } } }] },
          thingId: { type: 'string' },
          either: { anyOf: [{ type: 'null' }, { type: 'boolean' }] },
        },
      }),
    ).toMatchObject({
      body: {
        title: 'canary title',
        candidateId: 'c1',
        count: 5,
        kind: 'full',
        mail: 'canary-mail@example.test',
        code: 'ABC',
        tags: ['canary tag', 'canary tag'],
        inner: { jobId: JOB, at: '2030-01-02' },
        either: true,
      },
    });
  });

  it('is not made up where nothing is known of it, or a row is not known', () => {
    expect(body('unknown')).toEqual({ unknown: 'Nothing is known of its body.' });
    expect(body({ properties: { thingId: {} }, required: ['thingId'] })).toHaveProperty('unknown');
    expect(body('unknown', { body: { a: 1 } })).toMatchObject({ method: 'POST', body: { a: 1 } });
  });

  it('tells the method of a route that takes all', () => {
    const all = { method: 'ALL', path: '/jobs', body: 'unknown' } as const;
    expect(guess(all)).toHaveProperty('unknown');
    expect(guess(all, { method: 'get' })).toEqual({ method: 'GET', path: '/jobs' });
    expect(guess(all, { body: {} })).toEqual({ method: 'POST', path: '/jobs', body: {} });
    expect(guess({ ...all, body: null })).toEqual({ method: 'GET', path: '/jobs' });
  });
});

enum Kind {
  Full = 'full',
  Part = 'part',
}
enum Level {
  Low,
  High,
}

class AddressDto {
  @IsString() city!: string;
}

class BaseDto {
  @IsEmail() contact!: string;
}

class CreateJobDto extends BaseDto {
  @IsString() @MinLength(3) @MaxLength(40) title!: string;
  @IsEnum(Kind) kind!: Kind;
  @IsEnum(Level) level!: Level;
  @IsIn(['EUR', 'USD']) currency!: string;
  @IsInt() @Min(3) places!: number;
  @IsUUID() jobId!: string;
  @Matches(/^[A-Z]{2}-\d{3}$|^[A-Z]+$/) code!: string;
  @IsArray() @ArrayMinSize(2) @IsString({ each: true }) tags!: string[];
  @ValidateNested() @Type(() => AddressDto) address!: AddressDto;
  @IsOptional() @IsUUID() thingId?: string;
}

class ListQuery {
  @IsOptional() @IsString() q?: string;
  @IsOptional() @IsInt() page?: number;
  @IsUUID() jobId!: string;
}

const NoteSchema = z.object({
  text: z.string().min(3),
  jobId: z.uuid(),
  pinned: z.boolean(),
  thingId: z.uuid().optional(),
});

/** As Nest's own, for a schema of zod. */
class ByItsSchema implements PipeTransform {
  transform(value: unknown) {
    const { success, error, data } = NoteSchema.safeParse(value);
    if (!success) throw new BadRequestException(error.message);
    return data;
  }
}

class NothingSaid {
  title!: string;
}

@Controller('jobs')
class JobsController {
  @Get()
  list(
    @Query('q') q: string,
    @Query('kind', new ParseEnumPipe(Kind)) kind: Kind,
    @Query('level', new ParseEnumPipe(Level)) level: Level,
    @Query('jobId', ParseUUIDPipe) jobId: string,
    @Query('limit', ParseIntPipe) limit: number,
    @Query('page', new DefaultValuePipe(7), ParseIntPipe) page: number,
    @Query('open', new ParseBoolPipe({ optional: true })) open: boolean,
    @Headers('x-any') _: string,
  ) {
    return { q, kind, level, jobId, limit, page, open };
  }

  @Get('by-class')
  byClass(
    @Query(new ValidationPipe({ transform: true, transformOptions: { enableImplicitConversion: true } }))
    query: ListQuery,
  ) {
    return query;
  }

  @Get(':id')
  one(@Param('id', ParseUUIDPipe) id: string) {
    return { id };
  }

  @Post()
  create(@Body(new ValidationPipe({ whitelist: true, transform: true })) body: CreateJobDto) {
    return body;
  }

  @Post('parts')
  parts(@Body('title') title: string, @Body('places', ParseIntPipe) places: number) {
    return { title, places };
  }

  @Post(':id/notes')
  note(@Param('id') id: string, @Body({ schema: NoteSchema, pipes: [ByItsSchema] }) body: unknown) {
    return { id, body };
  }

  @Patch(':id')
  change(@Param('id') _: string, @Body() body: NothingSaid) {
    return body;
  }

  @Post(':id/cv')
  cv(@Param('id') _: string, @UploadedFile() file: unknown) {
    return file;
  }

  @Delete(':id')
  remove(@Param('id') id: string) {
    return { id };
  }
}

@Module({ controllers: [JobsController] })
class AppModule {}

const OPEN_API = {
  paths: {
    '/jobs/{id}': {
      patch: {
        parameters: [
          { in: 'path', name: 'id', required: true, schema: { type: 'string' } },
          { in: 'query', name: 'notify', required: true, schema: { $ref: '#/components/schemas/YesOrNo' } },
        ],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Change' } } } },
      },
    },
  },
  components: {
    schemas: {
      YesOrNo: { enum: ['no', 'yes'] },
      Change: {
        required: ['title'],
        properties: { title: { type: 'string' }, parent: { $ref: '#/components/schemas/Change' } },
      },
    },
  },
};

describe.each(['Express', 'Fastify'] as const)('examples for a real application on %s', (adapter: AdapterName) => {
  let application: Discovered;
  beforeAll(async () => {
    application = await discovered(AppModule, adapter, () => {}, { openApi: OPEN_API });
  });
  afterAll(() => application.app.close());
  const send = async (id: string) => {
    const { route } = application.find(id);
    const request = guess(route as Route);
    if ('unknown' in request) throw new Error(request.unknown);
    return application.send(request);
  };

  it('takes what pipes let through', async () => {
    expect(await send('GET /jobs')).toEqual({
      status: 200,
      body: { q: 'canary', kind: 'full', level: 0, jobId: JOB, limit: 1, page: 7 },
    });
    expect(await send('GET /jobs/:id')).toEqual({ status: 200, body: { id: JOB } });
    expect(await send('DELETE /jobs/:id')).toEqual({ status: 200, body: { id: JOB } });
    expect(await send('POST /jobs/parts')).toEqual({ status: 201, body: { title: 'canary title', places: 1 } });
  });

  it('takes what class-validator lets through, inherited and nested too', async () => {
    expect(await send('POST /jobs')).toEqual({
      status: 201,
      body: {
        title: 'canary title',
        contact: 'canary-contact@example.test',
        kind: 'full',
        level: 0,
        currency: 'EUR',
        places: 3,
        jobId: JOB,
        code: 'WORD',
        tags: ['canary tag', 'canary tag'],
        address: { city: 'canary city' },
      },
    });
    expect(await send('GET /jobs/by-class')).toEqual({ status: 200, body: { q: 'canary', jobId: JOB } });
  });

  it('takes what a schema of zod lets through', async () => {
    expect(await send('POST /jobs/:id/notes')).toEqual({
      status: 201,
      body: { id: JOB, body: { text: 'canary text', jobId: JOB, pinned: true } },
    });
  });

  it('takes what the OpenAPI document says, with what it refers to', async () => {
    const { route } = application.find('PATCH /jobs/:id');
    expect(guess(route as Route)).toMatchObject({ query: { notify: 'no' } });
    expect(await send('PATCH /jobs/:id')).toMatchObject({ status: 200, body: { title: 'canary title' } });
  });

  it('makes up nothing for a file, nor for a class that says nothing', async () => {
    expect(application.find('POST /jobs/:id/cv').route?.body).toBe('unknown');
    const { app, find } = await discovered(AppModule, adapter);
    expect(find('PATCH /jobs/:id').route?.body).toBe('unknown');
    await app.close();
  });
});

it('refuses what is no OpenAPI document', async () => {
  await expect(discovered(AppModule, 'Express', () => {}, { openApi: {} })).rejects.toThrow(/no OpenAPI document/);
});
