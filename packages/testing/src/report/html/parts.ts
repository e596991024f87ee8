import type { AttackResult, EntranceResult } from '../isolation-report.js';
import { type CellVerdict, SIGNS } from '../verdict-signs.js';
import { html, type Markup } from './markup.js';

/** An entrance, with what links and filters call it. */
export interface Numbered {
  readonly id: string;
  readonly result: EntranceResult;
}

/** The look of an attack beside others: of an accepted one, another than its verdict's. */
export function shownVerdict({ verdict, accepted }: AttackResult): CellVerdict {
  return accepted === undefined ? verdict : 'accepted';
}

export function verdictClass(verdict: CellVerdict): string {
  return verdict === 'not applicable' ? 'none' : verdict;
}

/** Colour, sign and word. */
export function verdictBadge(verdict: CellVerdict): Markup {
  return html`<span class="badge ${verdictClass(verdict)}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${verdict}</span>`;
}

/** The attributes that the filters look at. */
export function filterAttributes({ id, result }: Numbered): Markup {
  const { entrance, verdict, attacks } = result;
  const tried = attacks.map((one) => `${one.attack}:${verdictClass(shownVerdict(one))}`).join(' ');
  const words = [entrance.id, entrance.handler ?? '', result.why ?? '', ...attacks.map(({ why }) => why)].join(' ');
  return html`data-entrance="${id}" data-verdict="${verdict}" data-kind="${entrance.kind}" data-attacks="${tried}" data-words="${words.toLowerCase().slice(0, 4_000)}"`;
}

/** `3.4 s` */
export function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
