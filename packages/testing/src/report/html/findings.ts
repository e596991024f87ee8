import { fixOf } from '../fixes.js';
import { counted } from '../headline.js';
import type { AttackResult, ProofVerdict } from '../isolation-report.js';
import { suggestionFor } from '../suggestion.js';
import { ATTACKS, SIGNS, VERDICTS } from '../verdict-signs.js';
import { shortened } from '../visible-text.js';
import { evidenceOf } from './evidence.js';
import { html, type Markup, preformatted } from './markup.js';
import { filterAttributes, type Numbered, shownVerdict, verdictBadge } from './parts.js';
import { unreachedBranches } from './unreached.js';

const TITLES: Readonly<Record<ProofVerdict, { readonly title: string; readonly lead: string }>> = {
  leaks: { title: 'Leaks', lead: "Another tenant's data was seen or changed here." },
  unproven: {
    title: 'Unproven',
    lead: 'Nobody has shown anything about these yet. Give an example request, or a reason.',
  },
  accepted: {
    title: 'Accepted',
    lead: 'Known to the baseline: it leaks or is unproven, and is no worse than it was. Not proven.',
  },
  exempt: { title: 'Exempt', lead: 'Left out by the author of the proof, for the reason given.' },
  proven: { title: 'Proven', lead: "Own data was there, and no attack brought another tenant's." },
};

/** Every entrance with what was seen at it, the worst first. */
export function findings(entrances: readonly Numbered[]): Markup[] {
  return VERDICTS.map((verdict) => {
    const found = entrances.filter(({ result }) => result.verdict === verdict);
    if (found.length === 0) return html``;
    const { title, lead } = TITLES[verdict];
    return html`<section class="findings" aria-labelledby="${verdict}"><h2 id="${verdict}">${title} <span class="quiet">${found.length}</span></h2><p class="lead">${lead}</p>
${found.map((one, n) => entrance(one, verdict === 'leaks' && n === 0))}</section>`;
  });
}

function entrance(one: Numbered, isOpen: boolean): Markup {
  const { entrance: at, verdict, why, attacks, unreached } = one.result;
  const leaks = attacks.filter((tried) => tried.verdict === 'leaks' && tried.accepted === undefined);
  const fix = fixOf(one.result);
  const summary = why ?? leaks[0]?.why ?? attacks.find((tried) => shownVerdict(tried) === verdict)?.why ?? '';
  return html`<details class="entrance ${verdict}" id="${one.id}" ${filterAttributes(one)}${isOpen && html` open`}>
<summary><span class="sign ${verdict}" aria-hidden="true">${SIGNS[verdict]}</span><h3>${shortened(at.id, 200)}</h3>${leaks.map(({ attack }) => html`<span class="tag">${attack}</span>`)}${verdict !== 'proven' && html`<span class="sentence">${shortened(summary, 400)}</span>`}</summary>
<div class="body">${fix !== null && html`<p>${fix}</p>`}${verdict === 'exempt' && html`<p><strong>Reason.</strong> ${why ?? 'none given'}</p>`}${
    one.result.accepted !== undefined && acceptedBecause(one.result.accepted)
  }${(verdict === 'unproven' || one.result.accepted !== undefined) && toWrite(one)}${attacks
    .filter((tried) => tried.evidence !== null)
    .map((tried) =>
      withEvidence(one.id, tried),
    )}${attacks.length > 0 && everyAttack(one.id, attacks)}${unreachedBranches(one.id, unreached)}</div>
</details>`;
}

function toWrite({ result }: Numbered): Markup {
  const hint = result.entrance.route
    ? "Write an example request, with rows of the tenant that asks. The proof puts the other tenant's in their place."
    : 'Nothing can be sent to it from outside. Test it by itself, and say here how it is isolated.';
  return html`<h4>What to write</h4><p>${hint}</p><div class="copyable"><pre tabindex="0">${preformatted(suggestionFor(result.entrance))}</pre><button type="button" class="copy" hidden>Copy</button></div>`;
}

const acceptedBecause = (why: string) => html`<p><strong>Accepted by the baseline.</strong> ${why}</p>`;

function withEvidence(id: string, { attack, verdict, why, evidence, accepted }: AttackResult): Markup {
  return html`<article class="attack ${verdict}" id="${id}-${attack}"><h4>${verdictBadge(verdict)} ${attack} <span class="quiet">${ATTACKS[attack] ?? ''}</span></h4><p class="why">${shortened(why, 1_000)}</p>${accepted !== undefined && acceptedBecause(accepted)}${evidence && evidenceOf(evidence)}</article>`;
}

function everyAttack(id: string, attacks: readonly AttackResult[]): Markup {
  const rest = attacks.filter(({ evidence }) => evidence === null);
  return html`<h4>${rest.length === attacks.length ? 'Attacks' : 'Other attacks'} <span class="quiet">${counted(rest.length, 'attack', 'attacks')}</span></h4><table class="attacks"><thead class="visually-hidden"><tr><th scope="col">Verdict</th><th scope="col">Attack</th><th scope="col">What was seen</th></tr></thead><tbody>${rest.map(
    ({ attack, verdict, why, accepted }) =>
      html`<tr id="${id}-${attack}"><td>${verdictBadge(verdict)}</td><th scope="row">${attack}</th><td>${shortened(why, 600)}${accepted !== undefined && html` <strong>Accepted by the baseline.</strong> ${accepted}`}</td></tr>`,
  )}</tbody></table>`;
}
