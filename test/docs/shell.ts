/** One command of a shell: its variables, its words without their quotes. */
export interface ShellCommand {
  readonly variables: readonly string[];
  readonly words: readonly string[];
}

/** The commands of a block, without comments. Only what documentation needs: words, quotes, `\` at the end of a line, `&&`, `|`, `;`, `>`. */
export function commandsOf(code: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  for (const line of code.replaceAll(/\\\n\s*/g, ' ').split('\n')) {
    for (const part of partsOf(wordsOf(line))) {
      const at = part.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
      const words = at === -1 ? [] : part.slice(at);
      if (part.length > 0) commands.push({ variables: at === -1 ? part : part.slice(0, at), words });
    }
  }
  return commands;
}

function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  let isInside = false;
  for (const character of line) {
    // What stands in `$(…)` is a word, whatever it is made by.
    if (isInside || (character === '(' && word?.endsWith('$'))) {
      isInside = character !== ')';
      word += character;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) break;
    else word = (word ?? '') + character;
  }
  if (quote !== undefined) throw new Error(`A quote is not closed: ${line}`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Divided at what ends a command; where output goes to is no word of it. */
function partsOf(words: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  words.forEach((word, at) => {
    if (['&&', '||', '|', ';', '&'].includes(word)) parts.push([]);
    else if (!/^[12]?>>?$/.test(word) && !/^[12]?>>?$/.test(words[at - 1] ?? '')) parts.at(-1)?.push(word);
  });
  return parts;
}
