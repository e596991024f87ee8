import type { Tenant } from '@tenancy/core';
import { html, raw } from 'hono/html';
import { applicationChange } from '../../applications/application.js';
import type { ApplicationsService } from '../../applications/applications.service.js';
import type { Candidate } from '../../generated/client.js';
import type { JobsService } from '../../jobs/jobs.service.js';
import { layout, moment } from './layout.js';

type Jobs = Awaited<ReturnType<JobsService['list']>>;
type WholeJob = Awaited<ReturnType<JobsService['find']>>;
type WholeApplication = Awaited<ReturnType<ApplicationsService['findWhole']>>;

export function jobsPage(company: Tenant, jobs: Jobs) {
  return layout({
    title: 'Jobs',
    company,
    isSignedIn: true,
    at: '/desk/jobs',
    body: html`
      <h1>Jobs</h1>
      ${jobs.length === 0 && html`<p class="empty">No job yet.</p>`}
      <ul class="rows">${jobs.map(
        ({ id, title, location, open, _count: { applications } }) => html`<li>
          <a href="/desk/jobs/${id}"><strong>${title}</strong></a><span class="soft">${location}</span>
          <span>${applications} applied</span><span class="tag">${open ? 'open' : 'closed'}</span></li>`,
      )}</ul>
      <section class="panel"><h2>A new job</h2>
        <form method="post" action="/desk/jobs" class="inline">
          <label>Title <input name="title" required maxlength="120"></label>
          <label>Location <input name="location" required maxlength="120"></label>
          <button>Publish</button>
        </form></section>`,
  });
}

/** Applications come to it live: `assets/live.js` adds the row that is here on the server by then. */
export function jobPage(
  company: Tenant,
  { id, title, location, open, applications }: WholeJob,
  candidates: readonly Candidate[],
) {
  const applied = new Set(applications.map(({ candidateId }) => candidateId));
  const others = candidates.filter((candidate) => !applied.has(candidate.id));
  return layout({
    title,
    company,
    isSignedIn: true,
    at: '/desk/jobs',
    script: 'live.js',
    body: html`
      <h1>${title}</h1>
      <p><span class="soft">${location}</span> <span class="tag">${open ? 'open' : 'closed'}</span></p>
      <form method="post" action="/desk/jobs/${id}"><button class="plain" name="open" value="${open ? 'no' : 'yes'}">${open ? 'Close it' : 'Open it'}</button></form>
      <h2>Applications</h2>
      <p id="live" role="status">Connecting …</p>
      ${applications.length === 0 && html`<p class="empty" id="nobody">Nobody has applied yet.</p>`}
      <ul class="rows" data-job="${id}">${applications.map(
        ({ id, stage, createdAt, candidate: { name } }) => html`<li id="application-${id}" data-name="${name}">
          <a href="/desk/applications/${id}"><strong>${name}</strong></a><span class="soft">${moment(createdAt)}</span><span class="tag">${stage}</span></li>`,
      )}</ul>
      <section class="panel"><h2>Somebody applies</h2>
        ${
          !open
            ? html`<p class="soft">The job is closed.</p>`
            : others.length === 0
              ? html`<p class="soft">All candidates have applied. <a href="/desk/candidates">Add one</a>.</p>`
              : html`<form method="post" action="/desk/jobs/${id}/applications" class="inline">
              <label>Candidate <select name="candidateId">${others.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>
              <button>Apply</button></form>`
        }</section>`,
  });
}

export function applicationPage(company: Tenant, { id, stage, candidate, job, notes }: WholeApplication) {
  return layout({
    title: `${candidate.name} for ${job.title}`,
    company,
    isSignedIn: true,
    at: '/desk/jobs',
    body: html`
      <h1>${candidate.name}</h1>
      <p>has applied as <a href="/desk/jobs/${job.id}">${job.title}</a> <span class="tag">${stage}</span></p>
      <p class="soft">${candidate.email}</p>
      <section class="panel"><h2>Stage</h2>
        <form method="post" action="/desk/applications/${id}/stage" class="inline">
          <label>Stage <select name="stage">${applicationChange.shape.stage.options.map(
            (each) => html`<option ${each === stage && raw('selected')}>${each}</option>`,
          )}</select></label><button>Move</button></form></section>
      <h2>Notes</h2>
      ${notes.length === 0 && html`<p class="empty">No note yet.</p>`}
      ${notes.map(({ text, author, createdAt }) => html`<article class="note">${text}<p class="soft">${author.email}, ${moment(createdAt)}</p></article>`)}
      <section class="panel"><h2>A new note</h2>
        <form method="post" action="/desk/applications/${id}/notes" class="stack">
          <label>Note <textarea name="text" required maxlength="10000" rows="3"></textarea></label><button>Keep it</button></form></section>`,
  });
}
