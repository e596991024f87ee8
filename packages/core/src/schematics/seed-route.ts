import type ts from 'typescript';
import { nodesOf, parse, type TypeScript } from './edit.js';

/** A route through which a test can plant rows: what it takes, and the name of what comes of it. */
export interface SeedRoute {
  readonly path: string;
  readonly row: string;
  /** Its body as it is written in a test, with `canary` for each text. */
  readonly body: string;
}

/** Things that a test has to know more about, or that refuse what a test makes up, and what a person does about them. */
const NEEDS_MORE: readonly (readonly [RegExp, string])[] = [
  [/from ['"]class-validator['"]/, 'class-validator checks bodies: write what it takes'],
  [
    /\bAPP_PIPE\b|useGlobalPipes/,
    'a pipe checks all bodies: write what it takes, and let `configure` register what main.ts does',
  ],
  [/\bUseGuards\b|\bAPP_GUARD\b|useGlobalGuards/, 'guards ask who calls: sign somebody in by `signIn`'],
  [/\bRouterModule\b/, 'RouterModule puts a path before those of controllers: write the whole one'],
  [/setGlobalPrefix|enableVersioning/, 'main.ts changes paths: let `configure` do the same, and write the whole path'],
];

/** The reason that no route of an application was taken. */
export const whyNoRoute = (files: readonly { readonly text: string }[]): string =>
  NEEDS_MORE.find(([pattern]) => files.some(({ text }) => pattern.test(text)))?.[1] ??
  "no controller has @Post() beside @Get(':id') and a body whose types tell what it takes";

/**
 * The first controller that makes rows (`@Post()`) and finds them by a parameter (`@Get(':id')`), where its body can be told from
 * its types; null where a person has to say what to plant.
 */
export function seedRoute(
  ts: TypeScript,
  files: readonly { readonly path: string; readonly text: string }[],
): SeedRoute | null {
  if (files.some(({ text }) => NEEDS_MORE.some(([pattern]) => pattern.test(text)))) return null;
  const nodes = files.flatMap(({ path, text }) => [...nodesOf(ts, parse(ts, path, text))]);
  for (const controller of nodes.filter(ts.isClassDeclaration)) {
    const path = decorated(ts, controller, 'Controller');
    const methods = controller.members.filter(ts.isMethodDeclaration);
    const makes = methods.find((method) => decorated(ts, method, 'Post') === '');
    const finds = methods.some((method) => /^:\w+$/.test(decorated(ts, method, 'Get') ?? ''));
    const fields = makes && finds ? fieldsOf(ts, makes, nodes) : null;
    if (!path || !/^\w[\w/-]*$/.test(path) || !fields?.some(([, value]) => value.startsWith('canary('))) continue;
    const row = path.split('/').at(-1)?.replace(/s$/, '').replaceAll(/\W/g, '_') ?? 'row';
    return { path: `/${path}`, row, body: `{ ${fields.map(([name, value]) => `${name}: ${value}`).join(', ')} }` };
  }
  return null;
}

/** The one text that a decorator is called with, empty where there is none; null where it is not there or takes something else. */
function decorated(ts: TypeScript, node: ts.HasDecorators, name: string): string | null {
  for (const { expression } of ts.getDecorators(node) ?? []) {
    if (!ts.isCallExpression(expression) || expression.expression.getText() !== name) continue;
    const [argument, ...others] = expression.arguments;
    if (!argument) return '';
    return others.length === 0 && ts.isStringLiteralLike(argument) ? argument.text : null;
  }
  return null;
}

type Field = readonly [name: string, value: string];

/** The fields of the body that a handler takes, whole or one by one; null where it takes more than that, or no simple ones. */
function fieldsOf(ts: TypeScript, handler: ts.MethodDeclaration, nodes: readonly ts.Node[]): readonly Field[] | null {
  const fields: Field[] = [];
  for (const parameter of handler.parameters) {
    // What decorators of the application's own take is not known.
    const name = decorated(ts, parameter, 'Body');
    if (name === null || !parameter.type) return null;
    const members = name === '' ? membersOf(ts, parameter.type, nodes) : [[name, parameter.type] as const];
    for (const [field, type] of members ?? []) {
      const value = written(ts, field, type);
      if (value === null) return null;
      fields.push([field, value]);
    }
    if (members === null) return null;
  }
  return fields;
}

/** The members that have to be there, of a type that is written out or declared in the application. */
function membersOf(ts: TypeScript, type: ts.TypeNode, nodes: readonly ts.Node[]) {
  const name = ts.isTypeReferenceNode(type) ? type.typeName.getText() : null;
  const declared = ts.isTypeLiteralNode(type)
    ? type
    : nodes.find(
        (node): node is ts.ClassDeclaration | ts.InterfaceDeclaration =>
          (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) && node.name?.text === name,
      );
  if (!declared || ('heritageClauses' in declared && declared.heritageClauses)) return null;
  const members: (readonly [string, ts.TypeNode])[] = [];
  for (const member of declared.members) {
    if (!ts.isPropertySignature(member) && !ts.isPropertyDeclaration(member)) return null;
    if (member.questionToken || (ts.isPropertyDeclaration(member) && member.initializer)) continue;
    if (!member.type || !ts.isIdentifier(member.name)) return null;
    members.push([member.name.text, member.type]);
  }
  return members;
}

function written(ts: TypeScript, name: string, { kind }: ts.TypeNode): string | null {
  if (kind === ts.SyntaxKind.StringKeyword) return `canary('${name}')`;
  if (kind === ts.SyntaxKind.NumberKeyword) return '1';
  return kind === ts.SyntaxKind.BooleanKeyword ? 'true' : null;
}
