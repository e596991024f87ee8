import type { Tenant } from '@tenancy/core';
import { html } from 'hono/html';
import type { StageCount } from '../../applications/application.js';
import type { AuditLogService } from '../../audit-log/audit-log.service.js';
import type { InvoiceTotal } from '../../billing/invoice-total.js';
import type { Candidate, Mail } from '../../generated/client.js';
import type { StatisticsService } from '../../statistics/statistics.service.js';
import { euros, layout, moment } from './layout.js';

type AuditLog = Awaited<ReturnType<AuditLogService['list']>>;

const entryRows = ({ entries }: AuditLog) =>
  entries.length === 0
    ? html`<p class="empty">Nothing was written yet.</p>`
    : html`<ul class="rows">${entries.map(
        ({ action, at, by }) => html`<li><span class="tag">${action.replace('.', ' ').replace('_', ' ')}</span>
          <span>${by ?? 'somebody who left'}</span><span class="soft">${moment(at)}</span></li>`,
      )}</ul>`;

export function deskPage(
  company: Tenant,
  who: { readonly email: string; readonly role: string },
  numbers: Awaited<ReturnType<StatisticsService['now']>>,
  stages: readonly StageCount[],
  latest: AuditLog,
) {
  return layout({
    title: 'Desk',
    company,
    isSignedIn: true,
    at: '/desk',
    body: html`
      <h1>Your desk</h1><p class="soft">${who.email}, ${who.role} of ${company.name}</p>
      <dl class="numbers">
        <div><dt>open jobs</dt><dd>${numbers.openJobs}</dd></div>
        <div><dt>candidates</dt><dd>${numbers.candidates}</dd></div>
        <div><dt>applications</dt><dd>${numbers.applications}</dd></div>
        ${stages.map(({ stage, applications }) => html`<div><dt>in stage ${stage}</dt><dd>${applications}</dd></div>`)}
      </dl>
      <h2>Lately</h2>${entryRows(latest)}`,
  });
}

export function candidatesPage(company: Tenant, candidates: readonly Candidate[]) {
  return layout({
    title: 'Candidates',
    company,
    isSignedIn: true,
    at: '/desk/candidates',
    body: html`
      <h1>Candidates</h1>
      ${candidates.length === 0 && html`<p class="empty">Nobody yet.</p>`}
      <ul class="rows">${candidates.map(
        ({ name, email, createdAt }) =>
          html`<li><strong>${name}</strong><span>${email}</span><span class="soft">${moment(createdAt)}</span></li>`,
      )}</ul>
      <section class="panel"><h2>A new candidate</h2>
        <form method="post" action="/desk/candidates" class="inline">
          <label>Name <input name="name" required maxlength="120"></label>
          <label>E-mail <input name="email" type="email" required></label>
          <button>Add</button>
        </form></section>`,
  });
}

export function invoicesPage(company: Tenant, invoices: readonly InvoiceTotal[]) {
  return layout({
    title: 'Invoices',
    company,
    isSignedIn: true,
    at: '/desk/invoices',
    body: html`
      <h1>Invoices</h1>
      ${invoices.length === 0 && html`<p class="empty">No invoice yet.</p>`}
      <ul class="rows">${invoices.map(
        ({ month, lines, cents, status }) => html`<li><strong>${month}</strong><span class="soft">${lines} lines</span>
          <span>${euros(cents)}</span><span class="tag">${status}</span></li>`,
      )}</ul>
      <section class="panel"><h2>A new invoice</h2>
        <p class="soft">The subscription, and a line for each job that is open now.</p>
        <form method="post" action="/desk/invoices" class="inline">
          <label>Month <span class="hint">such as 2026-11</span><input name="month" required pattern="20[0-9]{2}-(0[1-9]|1[0-2])"></label>
          <button>Write it</button>
        </form></section>`,
  });
}

export function activityPage(company: Tenant, log: AuditLog, mails: readonly Mail[]) {
  return layout({
    title: 'Activity',
    company,
    isSignedIn: true,
    at: '/desk/activity',
    body: html`
      <h1>Activity</h1>
      <h2>Letters, written in the background</h2>
      ${mails.length === 0 && html`<p class="empty">No letter yet. An application makes one: it is written by a job of the queue.</p>`}
      <ul class="rows">${mails.map(
        ({
          recipient,
          subject,
          writtenBy,
          writtenAt,
        }) => html`<li><strong>${subject}</strong><span>to ${recipient}</span>
          <span class="soft">by ${writtenBy.split(' ')[0] ?? ''}, ${moment(writtenAt)}</span></li>`,
      )}</ul>
      <h2>What was written, and by whom</h2>
      ${entryRows(log)}`,
  });
}
