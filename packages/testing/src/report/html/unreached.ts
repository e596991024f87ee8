import type { UnreachedBranch } from '../../branches/unreached-branches.js';
import { unreachedSentence } from '../unreached.js';
import { html, type Markup } from './markup.js';

/** Branches behind an entrance that no request reached; those that only throw stand last, and are told apart. */
export function unreachedBranches(id: string, unreached: readonly UnreachedBranch[]): Markup {
  if (unreached.length === 0) return html``;
  const branches = unreached.filter(({ onlyThrows }) => !onlyThrows);
  const refusals = unreached.filter(({ onlyThrows }) => onlyThrows);
  return html`<h4 id="${id}-unreached">Unreached <span class="quiet">${unreachedSentence(branches.length, refusals.length)}</span></h4><table class="branches"><thead class="visually-hidden"><tr><th scope="col">Line</th><th scope="col">Code</th><th scope="col">Reached by</th></tr></thead><tbody>${[
    ...branches,
    ...refusals,
  ].map(
    ({ file, line, text, input, onlyThrows }) =>
      html`<tr><th scope="row" class="where">${file}:${line}</th><td><code>${text}</code></td><td>${input === undefined ? '' : html`<code>${input}</code>`}${onlyThrows && html`<span class="quiet">only throws</span>`}</td></tr>`,
  )}</tbody></table>`;
}
