const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** True where `…` of the line that is shown stands for whatever is there. */
function fits(shown: string, line: string): boolean {
  const parts = shown.split('…');
  const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`).test(line);
}

/**
 * Compares what a page shows with what was printed, line by line. A line `…` of the page leaves out as many as there are.
 *
 * @returns null where they are the same.
 */
export function differs(shown: string, printed: string): string | null {
  const wanted = linesOf(shown);
  const lines = linesOf(printed);
  let at = 0;
  let isLeftOut = false;
  for (const line of wanted) {
    if (line === '…') {
      isLeftOut = true;
      continue;
    }
    const found = isLeftOut
      ? lines.findIndex((one, index) => index >= at && fits(line, one))
      : fits(line, lines[at] ?? '')
        ? at
        : -1;
    if (found === -1) return `The page shows “${line}”, and this was printed:\n${printed}`;
    at = found + 1;
    isLeftOut = false;
  }
  return isLeftOut || at === lines.length ? null : `More was printed than the page shows:\n${printed}`;
}

/**
 * Applies a diff as a person does: each run of its lines is one place of the text. Runs are apart where the diff has an empty line
 * or a comment with the name of the file.
 *
 * @throws where a place is not there once.
 */
export function patched(text: string, diff: string): string {
  const hunks = diff
    .split('\n')
    .slice(1)
    .join('\n')
    .split(/\n\n+/)
    .map((hunk) => hunk.split('\n').filter(Boolean))
    .filter((lines) => lines.length > 0);
  return hunks.reduce((left, lines) => {
    const side = (gone: string) => lines.filter((line) => !line.startsWith(gone)).map((line) => line.slice(1));
    const [before, after] = [side('+').join('\n'), side('-').join('\n')];
    if (left.split(before).length !== 2) throw new Error(`This is not there once:\n${before}\n\nin\n\n${left}`);
    return left.replace(before, () => after);
  }, text);
}
