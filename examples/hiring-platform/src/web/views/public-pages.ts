import type { Tenant } from '@tenancy/core';
import { html } from 'hono/html';
import { demoCompanies } from '../../admin/demo-companies.js';
import type { Job } from '../../generated/client.js';
import { layout } from './layout.js';

/** The page that everybody sees of a company. */
export function careersPage(company: Tenant, jobs: readonly Pick<Job, 'title' | 'location'>[], isSignedIn: boolean) {
  return layout({
    title: 'Careers',
    company,
    isSignedIn,
    body: html`
      <section class="hero"><h1>Work at ${company.name}</h1>
        <p class="lead">${jobs.length === 1 ? 'One job is open.' : `${jobs.length} jobs are open.`}</p></section>
      ${
        jobs.length === 0
          ? html`<p class="empty">Nothing is open today.</p>`
          : html`<ul class="cards">${jobs.map(
              ({ title, location }) =>
                html`<li class="card"><strong>${title}</strong><span class="soft">${location}</span></li>`,
            )}</ul>`
      }
      ${!isSignedIn && html`<p class="soft">You recruit here? <a href="/sign-in">Sign in</a>.</p>`}`,
  });
}

export function signInPage(company: Tenant, isRefused = false) {
  const demo = demoCompanies.find(({ id }) => id === company.id);
  return layout({
    title: 'Sign in',
    company,
    body: html`
      <section class="panel narrow">
        <h1>Sign in to ${company.name}</h1>
        ${isRefused && html`<p class="problem" role="alert">Nobody here has this address with this password.</p>`}
        <form method="post" action="/sign-in" class="stack">
          <label>E-mail <input name="email" type="email" required autocomplete="username"></label>
          <label>Password <input name="password" type="password" required maxlength="200" autocomplete="current-password"></label>
          <button>Sign in</button>
        </form>
        ${
          demo &&
          html`<h2>To try the demonstration</h2><dl class="facts">${demo.recruiters.map(
            ({ email, password }) => html`<div><dt>${email}</dt><dd><code>${password}</code></dd></div>`,
          )}</dl>`
        }
      </section>`,
  });
}
