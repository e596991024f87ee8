import type { Tenant } from '@tenancy/core';
import { html } from 'hono/html';
import { layout } from '../web/views/layout.js';
import { type Attempt, type Outcome, type Verdict, verdictOn } from './attempt.js';

/** The page with a button for each attempt, and what the last one came to. */
export function attackConsole(
  own: Tenant,
  attempts: readonly Attempt[],
  made?: { readonly attempt: Attempt; readonly outcome: Outcome },
) {
  return layout({
    title: made ? `${verdictOn(made.outcome)}: ${made.attempt.title}` : 'Attack console',
    company: own,
    isSignedIn: true,
    at: '/attacks',
    body: html`
      <h1>Attack console</h1>
      <p class="lead">You are ${own.name}. Each button makes an attempt at the other company of the demonstration, for real, against this server.
        The verdict is what came of it.</p>
      ${made && result(made.attempt, made.outcome)}
      <div class="attempts">${attempts.map(
        ({ id, title, does }) => html`<section class="attempt"><h2>${title}</h2><p class="soft">${does}</p>
          <form method="post" action="/attacks/${id}"><button>Try it<span class="hidden">: ${title}</span></button></form></section>`,
      )}</div>`,
  });
}

const SAYS: Readonly<Record<Verdict, string>> = {
  REFUSED: 'Nothing of the other company came back.',
  LEAK: 'The attempt got through. This must never be seen.',
  INCONCLUSIVE: 'Nothing came back, but there may have been nothing to get: the control does not hold.',
};

function result({ title }: Attempt, outcome: Outcome) {
  const verdict = verdictOn(outcome);
  const { request, answer, refusedBy, foreignRows, control } = outcome;
  return html`
    <section class="verdict ${verdict === 'REFUSED' ? 'refused' : 'leak'}" role="status" data-verdict="${verdict}">
      <strong>${verdict}</strong><p>${title}: ${SAYS[verdict]}</p>
    </section>
    <section class="panel"><h2>What happened</h2><dl class="facts">
      <div><dt>Request</dt><dd><pre>${request}</pre></dd></div>
      <div><dt>Answer</dt><dd><pre>${answer}</pre></dd></div>
      <div><dt>Refused by</dt><dd><span class="tag ${refusedBy ? 'good' : 'bad'}">${refusedBy ?? 'nobody'}</span></dd></div>
      <div><dt>Foreign rows</dt><dd>${foreignRows}</dd></div>
      <div><dt>Control</dt><dd>${control.says}</dd></div>
    </dl></section>`;
}
