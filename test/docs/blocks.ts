import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, root } from './repository.ts';

/** A text between two fences, on a page or in a docstring. */
export interface Block {
  /** The file that it stands in, relative to the repository. */
  readonly file: string;
  /** The line of the first fence: of a page from 1, of docstrings counted over them alone. */
  readonly line: number;
  /** All that is written behind the first fence: the language, and nothing else. */
  readonly language: string;
  /** Its lines, without the indentation of the fence. */
  readonly code: string;
}

/** Everything that people read. */
export const pages: readonly string[] = filesOf(/\.md$/)
  .filter((file) =>
    /^(?:README|CHANGELOG|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT|docs\/|packages\/|examples\/|benchmarks\/)/.test(file),
  )
  // A copy that is packed.
  .filter((file) => !/^packages\/\w+\/CHANGELOG\.md$/.test(file));

/** Sources of the packages, whose docstrings have examples. */
export const sources: readonly string[] = filesOf(/^packages\/\w+\/src\/.*(?<!\.test)\.ts$/);

/** Each block of a page as it is, or of a file's docstrings without their stars. */
export function blocksOf(file: string): readonly Block[] {
  const text = readFileSync(join(root, file), 'utf8');
  const prose = file.endsWith('.md')
    ? text
    : (text.match(/\/\*\*[\s\S]*?\*\//g) ?? []).join('\n').replaceAll(/^ *\* ?/gm, '');
  const found: Block[] = [];
  let open: { line: number; indent: number; fence: string; language: string; lines: string[] } | undefined;
  prose.split('\n').forEach((line, at) => {
    const [, indent = '', fence = '', info = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence) open = { line: at + 1, indent: indent.length, fence, language: info.trim(), lines: [] };
    } else if (fence.startsWith(open.fence) && info.trim() === '') {
      found.push({ file, line: open.line, language: open.language, code: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
  });
  if (open !== undefined) throw new Error(`${file}: the fence of line ${open.line} is not closed.`);
  return found;
}

export const allBlocks: readonly Block[] = [...pages, ...sources].flatMap(blocksOf);

/** The place of a block, as an editor opens it. */
export const placeOf = ({ file, line }: Block): string => `${file}:${line}`;
