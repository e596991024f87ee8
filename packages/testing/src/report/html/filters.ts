import type { AttackName, ProofVerdict } from '../isolation-report.js';
import { SIGNS } from '../verdict-signs.js';
import { html, type Markup } from './markup.js';

/** Shown by the script alone: without it, nothing could be filtered. */
export function filters(
  verdicts: readonly ProofVerdict[],
  kinds: readonly string[],
  attacks: readonly AttackName[],
): Markup {
  return html`<form id="filters" class="filters" role="search" aria-label="Entrances" hidden>
<fieldset><legend>Verdict</legend>${verdicts.map(
    (verdict) =>
      html`<label class="chip ${verdict}"><input type="checkbox" name="verdict" value="${verdict}"> <span aria-hidden="true">${SIGNS[verdict]}</span> ${verdict}</label>`,
  )}</fieldset>
<label class="field">Kind <select name="kind"><option value="">every kind</option>${kinds.map((kind) => html`<option>${kind}</option>`)}</select></label>
<label class="field">Attack <select name="attack"><option value="">every attack</option>${attacks.map((attack) => html`<option>${attack}</option>`)}</select></label>
<label class="field grow">Search <input type="search" name="search" placeholder="path, handler" autocomplete="off" spellcheck="false"></label>
<button type="reset">Clear</button>
<output id="shown" aria-live="polite"></output>
</form>`;
}
