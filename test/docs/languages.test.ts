import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { allBlocks, type Block, placeOf } from './blocks.ts';
import { nginxProblem } from './nginx.ts';
import { root } from './repository.ts';

// The parsers of languages that the site shows come with the site.
const require = createRequire(join(root, 'docs/package.json'));
const yaml: { parse(text: string): unknown } = require('yaml');
const prisma: {
  validate(params: string): void;
  format(schemas: string, params: string): string;
} = require('@prisma/prisma-schema-wasm');

/** Languages of blocks, and what holds them. Another one is added with a check, or with a reason why there can be none. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'compiled: examples.test.ts; docs/getting-started-*.md: test/consumers/getting-started-*.test.ts',
  js: 'compiled, with its types checked: examples.test.ts',
  sql: "read by PostgreSQL's own parser, and run: sql-blocks.test.ts; docs/lint.md: packages/postgres/test/lint/page.test.ts",
  sh: 'every command known, with its flags: sh-blocks.test.ts',
  prisma: "validated by Prisma's own parser: here",
  json: 'parsed: here',
  jsonc: 'parsed, with comments: here',
  yaml: 'parsed: here',
  diff: 'what is left of it is parsed: here',
  dockerfile: 'instructions that there are, the first of which is FROM: here',
  ini: 'sections, and settings of them: here',
  nginx: 'braces and semicolons: here',
  text: 'output of a terminal, a tree of files, a picture of letters: nothing that could run; docs:record writes what our command says',
};

const of = (language: string): readonly Block[] => allBlocks.filter((block) => block.language === language);
const nameOf = (block: Block) => [placeOf(block), block] as const;

it('every block says its language, and nothing else, and it is one that is held', () => {
  expect(allBlocks.length).toBeGreaterThan(200);
  const unknown = allBlocks.filter(({ language }) => !(language in LANGUAGES));
  expect(unknown.map((block) => `${placeOf(block)}: ${block.language || 'no language'}`)).toEqual([]);
});

it.each(of('json').map(nameOf))('%s is JSON', (_, { code }) => {
  expect(() => JSON.parse(code)).not.toThrow();
});

it.each([...of('jsonc')].map(nameOf))('%s is JSON with comments', (place, { code }) => {
  expect(ts.parseConfigFileTextToJson(place, code).error).toBeUndefined();
});

it.each(of('yaml').map(nameOf))('%s is YAML', (_, { code }) => {
  expect(yaml.parse(code)).toBeTypeOf('object');
});

it.each(of('nginx').map(nameOf))('%s is a configuration of nginx', (_, { code }) => {
  expect(nginxProblem(code)).toBeUndefined();
});

it('what nginx could not read is found', () => {
  expect(nginxProblem('server {\n  listen 80; # a port\n  location / { proxy_pass http://app; }\n}\n')).toBeUndefined();
  expect(nginxProblem('server {\n  listen 80\n}\n')).toContain('listen 80');
  expect(nginxProblem('server {\n  listen 80;\n')).toContain('not closed');
});

it.each(of('dockerfile').map(nameOf))('%s is a Dockerfile', (_, { code }) => {
  expect(dockerfileProblem(code)).toBeUndefined();
});

it.each(of('ini').map(nameOf))('%s is a configuration of sections', (_, { code }) => {
  expect(code.split('\n').filter((line) => !/^(?:\[\w+\]|\w+ = \S.*|[;#].*|)$/.test(line))).toEqual([]);
});

it('what Docker could not read is found', () => {
  expect(dockerfileProblem('FROM node:24 AS build\nRUN npm ci \\\n  && npm test\n')).toBeUndefined();
  expect(dockerfileProblem('RUN npm ci\n')).toContain('RUN');
  expect(dockerfileProblem('FROM node:24\nRUNN npm ci\n')).toContain('RUNN');
});

describe('Prisma', () => {
  it.each(of('prisma').map(nameOf))('%s is a whole schema, and formatted', (_, { code }) => {
    expect(() =>
      prisma.validate(JSON.stringify({ prismaSchema: [['schema.prisma', code]], noColor: true })),
    ).not.toThrow();
    const formatted = prisma.format(
      JSON.stringify([['schema.prisma', code]]),
      JSON.stringify({ textDocument: { uri: 'file:/schema.prisma' }, options: { tabSize: 2, insertSpaces: true } }),
    );
    expect(JSON.parse(formatted)).toEqual([['schema.prisma', code]]);
  });

  it('a schema with a relation to what is not there is refused', () => {
    const broken =
      'datasource db {\n  provider = "postgresql"\n}\n\nmodel Job {\n  id String @id\n  office Office\n}\n';
    expect(() => prisma.validate(JSON.stringify({ prismaSchema: [['schema.prisma', broken]], noColor: true }))).toThrow(
      'Office',
    );
  });
});

/** A part of a file is a list of statements, of members of a list or a class, or of decorators. */
const AROUND: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['[', ']'],
  ['', 'class It {}'],
  ['class It {', '}'],
];

it.each(of('diff').map(nameOf))('%s leaves TypeScript that can be parsed', (place, { code }) => {
  const lines = code.trimEnd().split('\n');
  expect(lines.filter((line) => !/^(?:[-+ ]|$)/.test(line))).toEqual([]);
  expect(lines.some((line) => /^[-+]/.test(line))).toBe(true);
  for (const gone of ['-', '+']) {
    const left = lines
      .filter((line) => !line.startsWith(gone))
      .map((line) => line.slice(1))
      .join('\n');
    const errors = AROUND.map(([before, after]) => syntaxErrors(`${before}${left}\n${after}`));
    expect(
      errors.some((found) => found.length === 0),
      `${place}: ${JSON.stringify(errors)}`,
    ).toBe(true);
  }
});

/** Instructions of https://docs.docker.com/reference/dockerfile/ that a page may need. */
const INSTRUCTIONS = 'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR';

function dockerfileProblem(code: string): string | undefined {
  const lines = code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => !/^\s*(?:#|$)/.test(line));
  const known = (line: string) => INSTRUCTIONS.split(' ').includes(/^(\w+) \S/.exec(line)?.[1] ?? '');
  return lines[0]?.startsWith('FROM ') ? lines.find((line) => !known(line)) : `begins with ${lines[0]}`;
}

function syntaxErrors(text: string): readonly string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, experimentalDecorators: true },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
