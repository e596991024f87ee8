import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { seedRoute } from './seed-route.js';

const controller = (body: string, { path = "'jobs'", find = "':id'", more = '' } = {}) => `${more}
@Controller(${path})
export class JobsController {
  @Post()
  create(${body}) {}

  @Get(${find})
  find() {}
}
`;
const route = (...texts: string[]) =>
  seedRoute(
    ts,
    texts.map((text, at) => ({ path: `src/${at}.ts`, text })),
  );

describe('a route that plants rows', () => {
  it.each([
    ["@Body('title') title: string", "{ title: canary('title') }"],
    ["@Body('title') title: string, @Body('hours') hours: number", "{ title: canary('title'), hours: 1 }"],
    ['@Body() { title }: { title: string; open: boolean; note?: string }', "{ title: canary('title'), open: true }"],
    ['@Body() job: NewJob', "{ title: canary('title') }"],
  ])('is told by its types: %s', (body, written) => {
    const declared = 'export class NewJob {\n  readonly title!: string;\n  hours = 40;\n  note?: string;\n}\n';
    expect(route(controller(body), declared)).toEqual({ path: '/jobs', row: 'job', body: written });
  });

  it.each([
    ['takes no text', "@Body('hours') hours: number"],
    ['takes more than fields', '@Body() job: { title: string; office: { city: string } }'],
    ['takes a type of elsewhere', '@Body() job: CreateJob'],
    ['takes what a decorator of its own gives', "@Body('title') title: string, @CurrentUser() user: string"],
    ['has a pipe', "@Body('title', Trim) title: string"],
    ['has no type', "@Body('title') title"],
  ])('is left to a person where it %s', (_, body) => {
    expect(route(controller(body))).toBeNull();
  });

  it.each([
    ['no path', { path: '' }],
    ['a path of its parameters', { path: "'desks/:desk/jobs'" }],
    ['nothing that finds a row', { find: "'open'" }],
    ['a guard', { more: '@UseGuards(SignedIn)' }],
    ['rules for its bodies', { more: "import { IsEmail } from 'class-validator';" }],
  ])('is none that has %s', (_, options) => {
    expect(route(controller("@Body('title') title: string", options))).toBeNull();
  });

  it.each(["app.setGlobalPrefix('api');", "RouterModule.register([{ path: 'api', module: Jobs }])"])(
    'is none where something changes every path: %s',
    (other) => {
      expect(route(controller("@Body('title') title: string"))).not.toBeNull();
      expect(route(controller("@Body('title') title: string"), other)).toBeNull();
    },
  );
});
