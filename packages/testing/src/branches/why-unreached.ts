import type { CoverageOfProof } from './proof-coverage.js';
import type { UnreachedBranch } from './unreached-branches.js';

/** Says why branches that nobody reached, or of which nothing is known, leave an entrance unproven; null where they do not. */
export function whyUnreached(unreached: readonly UnreachedBranch[], { why }: CoverageOfProof): string | null {
  const [first, ...more] = unreached.filter(({ onlyThrows }) => !onlyThrows);
  if (!first) return why;
  const { file, line, text, input } = first;
  const others = more.length > 0 ? `, nor ${more.length} more` : '';
  return (
    `No request reached ${file}:${line}, \`${text}\`${input === undefined ? '' : ` (${input} would)`}${others}. Give an example that does, ` +
    "or say why nobody has to: `exempt: { '…': { unreached: 'why' } }`."
  );
}
