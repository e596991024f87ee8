import { baselineLine } from '../baseline-line.js';
import { headline } from '../headline.js';
import type { IsolationReport } from '../isolation-report.js';
import { SIGNS, verdictsIn } from '../verdict-signs.js';
import { html, type Markup } from './markup.js';
import { duration } from './parts.js';

/** The verdict in one line, and what it was reached over. */
export function masthead(report: IsolationReport): Markup {
  const { application, tenants, startedAt, milliseconds, counts, entrances } = report;
  const look = report.verdict === 'isolated' ? 'proven' : report.verdict;
  const left = Object.entries(report.rowsLeft);
  return html`<header class="masthead">
<p class="eyebrow">Tenant isolation</p>
<h1>${application}</h1>
<p class="verdict ${look}"><span class="sign" aria-hidden="true">${SIGNS[look]}</span> <strong>${headline(report)}</strong></p>
<ul class="counts">${verdictsIn(report).map(
    (verdict) =>
      html`<li class="${verdict}"><span class="number">${counts[verdict]}</span> <span class="word"><span aria-hidden="true">${SIGNS[verdict]}</span> ${verdict}</span></li>`,
  )}</ul>
<dl class="facts"><div><dt>Entrances</dt><dd>${entrances.length}</dd></div><div><dt>Tenants</dt><dd>${tenants.join(' and ')}</dd></div><div><dt>Started</dt><dd><time datetime="${startedAt}">${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time></dd></div><div><dt>Took</dt><dd>${duration(milliseconds)}</dd></div></dl>
${baselineLine(report) !== '' && html`<p class="note"><strong>Baseline.</strong> ${baselineLine(report)}</p>`}${
  left.length > 0 &&
  html`<p class="note"><strong>Rows left behind.</strong> The proof planted them, and they are still there: ${left.map(([table, count]) => `${table} (${count})`).join(', ')}.</p>`
}${report.coverage.why !== null && html`<p class="note"><strong>Branches.</strong> ${report.coverage.why}</p>`}
</header>`;
}
