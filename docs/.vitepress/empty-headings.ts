import type { MarkdownRenderer } from 'vitepress';

/** A column that needs no heading has an empty cell there, and no heading that a screen reader would announce as nothing. */
export function emptyHeadings(md: MarkdownRenderer): void {
  md.core.ruler.push('empty_headings', ({ tokens }) => {
    tokens.forEach((token, at) => {
      if (token.type !== 'th_open' || tokens[at + 1]?.content !== '') return;
      token.tag = 'td';
      const close = tokens.slice(at).find(({ type }) => type === 'th_close');
      if (close) close.tag = 'td';
    });
  });
}
