import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { OriginalSource } from './original-source.js';
import { displayedLine } from './source-line.js';

const SOURCE = `interface Query {
  archived?: string;
}

export function list(query: Query): string {
  if (query.archived === 'true') {
    return 'everything';
  }
  return 'own';
}
`;

function compiled(inline: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'tenancy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'list.ts'), SOURCE);
  const file = join(folder, 'list.js');
  const { outputText, sourceMapText = '' } = ts.transpileModule(SOURCE, {
    fileName: 'list.ts',
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      ...(inline ? { inlineSourceMap: true, inlineSources: true } : { sourceMap: true }),
    },
  });
  if (!inline) writeFileSync(`${file}.map`, sourceMapText);
  return { folder, file, text: outputText };
}

const shown = (original: OriginalSource, source: string, text: string) => {
  const at = original.lineAt(source.indexOf(text));
  return at && { file: at.file, line: at.line, text: displayedLine(at) };
};

it.each([
  ['inline', true],
  ['beside the file', false],
])('finds the line through a map that is %s', (_, inline) => {
  const { folder, file, text } = compiled(inline);
  const original = new OriginalSource(file, { source: text, startColumn: 0 });
  expect(shown(original, text, '{\n        return')).toEqual({
    file: join(folder, 'list.ts'),
    line: 6,
    text: "if (query.archived === 'true') {",
  });
  expect(shown(original, text, "'own'")).toMatchObject({ line: 9, text: "return 'own';" });
});

it('leaves out what a runner wrote before the first line', () => {
  const { file, text } = compiled(true);
  // Without its prologue, so that code stands in the first line.
  const oneLine = ts.transpileModule("export const a = 1;\nif (a) console.log('x');", {
    fileName: 'list.ts',
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, inlineSourceMap: true },
  }).outputText;
  const vitest = "'use strict';async (__vite_ssr_exports__)=>{{";
  const source = `${vitest}${oneLine}\n}}`;
  const original = new OriginalSource(file, { source, startColumn: -vitest.length });
  expect(original.lineAt(source.indexOf('export const'))?.line).toBe(1);
  expect(original.lineAt(source.indexOf('console'))?.line).toBe(2);

  const jest = `({"Object.<anonymous>":function(module,exports,require,__dirname,__filename,jest){${text}\n}});`;
  const underJest = new OriginalSource(file, { source: jest, startColumn: 0 });
  expect(underJest.lineAt(jest.indexOf("'own'"))?.line).toBe(9);
});

it('is the line itself where there is no map, and none where a compiler wrote it', () => {
  const plain = new OriginalSource('/app/list.js', { source: 'a();\nb();\n', startColumn: 0 });
  expect(plain.lineAt(5)).toMatchObject({ file: '/app/list.js', line: 2 });
  const { file, text } = compiled(true);
  const original = new OriginalSource(file, { source: text, startColumn: 0 });
  expect(text).toContain('__esModule');
  expect(original.lineAt(text.indexOf('Object.defineProperty'))).toBeNull();
});

it('shows a brace that stands alone with what follows, and a long line shortened', () => {
  const lines = ['} else {', '', '  return everything;', 'x'.repeat(400)];
  expect(displayedLine({ file: 'a.ts', line: 1, lines })).toBe('} else { return everything;');
  expect(displayedLine({ file: 'a.ts', line: 4, lines })).toHaveLength(161);
});
