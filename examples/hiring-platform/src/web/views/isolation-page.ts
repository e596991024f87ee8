import type { Tenant } from '@tenancy/core';
import type { IsolationReport } from '@tenancy/testing';
import { html } from 'hono/html';
import type { IsolationKind } from '../../database/isolation.js';
import { layout } from './layout.js';

/** The verdict of the proof on every entrance, or how to get one. */
export function isolationPage(company: Tenant, report: IsolationReport | null, kind: IsolationKind) {
  return layout({
    title: 'Isolation',
    company,
    isSignedIn: true,
    at: '/isolation',
    body: html`
      <h1>Isolation, proven</h1>
      <p class="lead">Two companies attack each other at every entrance of this application: each route, message, job and tick.
        ${company.name} is kept in ${kind === 'rows' ? 'rows of shared tables, behind policies' : 'a schema of its own'}.</p>
      ${
        report
          ? summary(report)
          : html`<section class="panel"><h2>No report yet</h2><p>The proof takes some minutes. Run it, and load this page again:</p>
              <p><code>npx --yes pnpm@12 isolation</code></p></section>`
      }`,
  });
}

function summary({ verdict, counts, entrances, startedAt, milliseconds }: IsolationReport) {
  const isGood = verdict === 'isolated' || verdict === 'accepted';
  return html`
    <section class="verdict ${isGood ? 'refused' : 'leak'}"><strong>${verdict}</strong>
      <p>${entrances.length} entrances, ${startedAt.slice(0, 16).replace('T', ' ')} UTC, in ${Math.round(milliseconds / 1000)} seconds.
        <a href="/isolation/report">The whole report</a></p></section>
    <dl class="numbers">${Object.entries(counts).map(([name, count]) => html`<div><dt>${name}</dt><dd>${count}</dd></div>`)}</dl>
    <h2>Each entrance</h2>
    <ul class="rows">${entrances.map(
      ({ entrance, verdict, attacks, why }) => html`<li><code>${entrance.id}</code>
        <span class="soft">${why ?? `${attacks.filter((each) => each.verdict === 'proven').length} attacks refused`}</span>
        <span class="tag">${verdict}</span></li>`,
    )}</ul>`;
}
