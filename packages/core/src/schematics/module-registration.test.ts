import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { edited, parse } from './edit.js';
import { registration, startedModule } from './module-registration.js';

const COMMON = "import { Module } from '@nestjs/common';\n";
const registered = (text: string, className: string | null = 'AppModule') => {
  const found = registration(ts, parse(ts, 'app.module.ts', COMMON + text), className, 'New');
  return 'why' in found ? found.why : edited(COMMON + text, found.insertions).slice(COMMON.length);
};

describe('an entry goes into the imports of a module', () => {
  it.each([
    ['@Module({ imports: [] })', '@Module({ imports: [New] })'],
    ['@Module({ imports: [A] })', '@Module({ imports: [New, A] })'],
    ['@Module({ imports: [A, B,] })', '@Module({ imports: [New, A, B,] })'],
    ['@Module({ imports: [/* first */ A] })', '@Module({ imports: [/* first */ New, A] })'],
    [
      '@Module({\n  imports: [\n    A,\n    B,\n  ],\n})',
      '@Module({\n  imports: [\n    New,\n    A,\n    B,\n  ],\n})',
    ],
    [
      '@Module({\n\timports: [\n\t\t// the database\n\t\tA,\n\t],\n})',
      '@Module({\n\timports: [\n\t\tNew,\n\t\t// the database\n\t\tA,\n\t],\n})',
    ],
    ['@Module({})', '@Module({ imports: [New] })'],
    ['@Module({ controllers: [C] })', '@Module({ imports: [New], controllers: [C] })'],
    ['@Module({\n  controllers: [C],\n})', '@Module({\n  imports: [New],\n  controllers: [C],\n})'],
    ['@Module({ "imports": [A] })', '@Module({ "imports": [New, A] })'],
    ['@Module({ imports: [...shared, A] })', '@Module({ imports: [New, ...shared, A] })'],
    ['@Module({ imports: modules })', '@Module({ imports: [New, ...modules] })'],
    ['@Module({ imports: [A].concat(more) })', '@Module({ imports: [New, ...[A].concat(more)] })'],
    ['@Module({ imports: test ? [A] : [B] })', '@Module({ imports: [New, ...(test ? [A] : [B])] })'],
    ['@Module({ imports })', '@Module({ imports: [New, ...imports] })'],
    ['@Module({ imports: [A] as Type[] })', '@Module({ imports: [New, A] as Type[] })'],
    ['@Module({ imports: ([A]) })', '@Module({ imports: ([New, A]) })'],
    ['@Module({ ...base, imports: [A] })', '@Module({ ...base, imports: [New, A] })'],
    ['@Module({ imports: [\n    // none yet\n  ] })', '@Module({ imports: [\nNew,\n    // none yet\n  ] })'],
    ['@Other()\n@Module({ imports: [A] })', '@Other()\n@Module({ imports: [New, A] })'],
  ])('%s', (decorator, expected) => {
    expect(registered(`${decorator}\nexport class AppModule {}`)).toBe(`${expected}\nexport class AppModule {}`);
  });

  it('into the metadata that is a constant of the file', () => {
    const text = (imports: string) =>
      `const metadata = { imports: [${imports}] } satisfies ModuleMetadata;\n@Module(metadata)\nclass AppModule {}`;
    expect(registered(text('A'))).toBe(text('New, A'));
  });

  it('of the root module, among several in its file, and of the only one where nobody says which', () => {
    const text = (imports: string) =>
      `@Module({ imports: [X] })\nclass Other {}\n@Module({ imports: [${imports}] })\nclass AppModule {}`;
    expect(registered(text('A'))).toBe(text('New, A'));
    expect(registered('@Module({ imports: [] })\nexport default class {}', null)).toContain('[New]');
  });

  it('where Module has another name', () => {
    for (const [imported, decorator] of [
      ["import { Module as NestModule } from '@nestjs/common';", '@NestModule'],
      ["import * as nest from '@nestjs/common';", '@nest.Module'],
    ]) {
      const text = `${imported}\n${decorator}({ imports: [A] })\nclass AppModule {}`;
      const found = registration(ts, parse(ts, 'app.module.ts', text), 'AppModule', 'New');
      expect('why' in found ? found.why : edited(text, found.insertions)).toBe(text.replace('[A]', '[New, A]'));
    }
  });

  it('with the line breaks that the file has', () => {
    const text = `${COMMON}@Module({\n  imports: [\n    A,\n  ],\n})\nclass AppModule {}`;
    const found = registration(ts, parse(ts, 'app.module.ts', text.replaceAll('\n', '\r\n')), 'AppModule', 'New');
    if ('why' in found) throw new Error(found.why);
    const result = edited(text.replaceAll('\n', '\r\n'), found.insertions);
    expect(result).toContain('\r\n    New,\r\n    A,\r\n');
    expect(result).not.toMatch(/[^\r]\n/);
  });
});

it.each([
  ['class AppModule {}', 'it has no class AppModule with @Module'],
  ['@Module()\nclass AppModule {}', '@Module has no argument'],
  ['@Module(metadata)\nclass AppModule {}', 'the argument of @Module is `metadata`, which is written elsewhere'],
  [
    '@Module(make({ a: 1 }))\nclass AppModule {}',
    'the argument of @Module is `make({ a: 1 })`, which is written elsewhere',
  ],
  ['@Module({ ...base })\nclass AppModule {}', '`...base` in @Module may have imports of its own'],
  ['@Module({ imports: [A], ...base })\nclass AppModule {}', '`...base` in @Module may have imports of its own'],
  ['@Module({ imports() { return []; } })\nclass AppModule {}', '`imports` is no list'],
  ['@Module({})\nclass AppModule {}\nfunction f() { @Module({})\nclass AppModule {} }', 'it has several modules'],
])('nothing is guessed where %j', (text, why) => {
  expect(registered(text)).toBe(why);
});

it.each([
  ["import { AppModule } from './app.module';\nNestFactory.create(AppModule);", 'AppModule', './app.module'],
  [
    "import { Root as AppModule } from './root.js';\nawait NestFactory.create<App>(AppModule, {});",
    'Root',
    './root.js',
  ],
  ["import Root from './root';\nNestFactory.createMicroservice(Root);", null, './root'],
  ['class Here {}\nNestFactory.create(Here);', 'Here', null],
  ["import { Root } from './root';\nNestFactory.create(await Root.register({ a: 1 }));", 'Root', './root'],
  ["import { Root } from './root';\nconst root = Root.register();\nNestFactory.create(root);", 'Root', './root'],
])('main.ts tells which module it starts: %j', (text, name, from) => {
  expect(startedModule(ts, parse(ts, 'main.ts', text))).toEqual({ name, from });
});

it.each([
  'bootstrap(AppModule);',
  'NestFactory.create(makeModule());',
  "import { modules } from './modules';\nNestFactory.create(modules.root());",
])('main.ts does not tell: %s', (text) => {
  expect(startedModule(ts, parse(ts, 'main.ts', text))).toBeNull();
});
