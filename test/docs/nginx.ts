/** The first thing that nginx could not read in a text: each directive ends in `;` or opens a block, and each block is closed. */
export function nginxProblem(text: string): string | undefined {
  const code = text.replaceAll(/#.*$/gm, '').replaceAll(/"[^"]*"|'[^']*'/g, '"');
  let depth = 0;
  let directive = '';
  for (const character of code) {
    if (character === '{') {
      if (directive.trim() === '') return 'A block has no name.';
      depth += 1;
    } else if (character === '}') {
      if (directive.trim() !== '') return `Without a semicolon: ${directive.trim()}`;
      depth -= 1;
      if (depth < 0) return 'A brace closes nothing.';
    } else if (character !== ';') {
      directive += character;
      continue;
    } else if (directive.trim() === '') return 'A semicolon ends nothing.';
    directive = '';
  }
  if (directive.trim() !== '') return `Without a semicolon: ${directive.trim()}`;
  return depth === 0 ? undefined : 'A block is not closed.';
}
