import { counted } from '../headline.js';
import type { AttackName } from '../isolation-report.js';
import { ATTACKS, SIGNS } from '../verdict-signs.js';
import { shortened } from '../visible-text.js';
import { html, type Markup } from './markup.js';
import { filterAttributes, type Numbered, shownVerdict, verdictClass } from './parts.js';

/** Entrances as rows, attacks as columns. Roles are spelled out: on narrow screens rows are shown as blocks. */
export function grid(entrances: readonly Numbered[], attacks: readonly AttackName[]): Markup {
  const kinds = [...new Set(entrances.map(({ result }) => result.entrance.kind))];
  return html`<section aria-labelledby="grid"><h2 id="grid">Every entrance, every attack</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="grid"><table class="grid" role="table" aria-describedby="legend">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Entrance</th>${attacks.map(
    (attack) =>
      html`<th scope="col" role="columnheader" class="attack" title="${ATTACKS[attack] ?? ''}">${attack.replace('-', ' ')}</th>`,
  )}</tr></thead>
${kinds.map((kind) => {
  const rows = entrances.filter(({ result }) => result.entrance.kind === kind);
  return html`<tbody role="rowgroup"><tr role="row" class="kind"><th role="rowheader" scope="rowgroup" colspan="${attacks.length + 1}">${kind} <span class="quiet">${counted(rows.length, 'entrance', 'entrances')}</span></th></tr>
${rows.map((one) => row(one, attacks))}</tbody>`;
})}</table></div>
<dl class="legend" id="legend"><dt class="visually-hidden">Attacks, by tenant A on tenant B</dt>${attacks.map(
    (attack) => html`<div><dt>${attack}</dt><dd>${ATTACKS[attack] ?? ''}</dd></div>`,
  )}</dl></section>`;
}

function row(one: Numbered, attacks: readonly AttackName[]): Markup {
  const { entrance, verdict, attacks: tried } = one.result;
  const cells = tried.length === 0 ? asAWhole(one, attacks.length) : attacks.map((attack) => cell(one, attack));
  return html`<tr role="row" class="row" ${filterAttributes(one)}><th scope="row" role="rowheader" class="${verdict}"><a href="#${one.id}">${shortened(entrance.id, 160)}</a><span class="handler">${entrance.handler && shortened(entrance.handler, 120)}${entrance.isUntenanted && ' untenanted'}</span></th>${cells}</tr>
`;
}

/** The row of an entrance at which nothing was tried: the reason says more than a row of dots. */
function asAWhole({ id, result }: Numbered, columns: number): Markup {
  const { verdict, why } = result;
  return html`<td role="cell" class="cell whole ${verdict}" colspan="${columns}" aria-colspan="${columns}"><a href="#${id}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${verdict}</a> <span class="reason">${why && shortened(why, 140)}</span></td>`;
}

function cell({ id, result }: Numbered, attack: AttackName): Markup {
  const tried = result.attacks.find((one) => one.attack === attack);
  const label = html`<span class="column" aria-hidden="true">${attack}</span>`;
  if (!tried || tried.verdict === 'not applicable') {
    return html`<td role="cell" class="cell none">${label}<span aria-hidden="true">${SIGNS['not applicable']}</span><span class="visually-hidden">not applicable</span></td>`;
  }
  return html`<td role="cell" class="cell ${verdictClass(shownVerdict(tried))}">${label}<a href="#${id}-${attack}" title="${shortened(tried.why, 300)}"><span aria-hidden="true">${SIGNS[shownVerdict(tried)]}</span> <span class="word">${tried.verdict}${tried.accepted !== undefined && ', accepted'}</span></a></td>`;
}
