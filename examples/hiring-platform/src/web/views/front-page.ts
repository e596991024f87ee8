import { html, raw } from 'hono/html';
import { COLORS } from '../../admin/company-settings.js';
import { type DemoCompany, demoCompanies } from '../../admin/demo-companies.js';
import type { SignUp } from '../../sign-up/sign-up.js';
import { layout } from './layout.js';

/** A sign-up that came to nothing: whoever wrote it need not write all of it again. */
export interface RefusedSignUp {
  readonly problem: string;
  readonly wanted: SignUp;
}

/** The platform's own page, which is no company's. */
export function frontPage(addressOf: (slug: string) => string, refused?: RefusedSignUp): string {
  const card = ({ name, slug, color }: DemoCompany) => html`
    <li class="card" data-color="${color}"><a class="stretched" href="${addressOf(slug)}/careers">
      <span class="logo" aria-hidden="true">${name[0] ?? ''}</span>
      <strong>${name}</strong><span class="soft">${addressOf(slug).replace(/^https?:\/\//, '')}</span></a></li>`;
  const wanted = refused?.wanted;
  return layout({
    title: 'Companies',
    body: html`
      <section class="hero">
        <h1>One application. Every company its own.</h1>
        <p class="lead">Companies publish jobs here, and their recruiters look after candidates, applications and notes.
          They share one server and one database, and none sees another.</p>
      </section>
      <h2>Companies of the demonstration</h2>
      <ul class="cards">${demoCompanies.map(card)}</ul>
      <section class="panel narrow">
        <h2>A company of your own</h2>
        ${refused && html`<p class="problem" role="alert">${refused.problem}</p>`}
        <form method="post" action="/new-company" class="stack">
          <label>Name <input name="name" value="${wanted?.name ?? ''}" required maxlength="120" autocomplete="organization"></label>
          <label>Address <span class="hint">small letters and digits: the part before the platform's name</span>
            <input name="slug" value="${wanted?.slug ?? ''}" required maxlength="63" pattern="[a-z0-9]([a-z0-9\\-]*[a-z0-9])?" autocapitalize="none"></label>
          <label>Colour <select name="color">${COLORS.map((each) => html`<option ${each === wanted?.color && raw('selected')}>${each}</option>`)}</select></label>
          <label>Your e-mail <input name="email" type="email" value="${wanted?.email ?? ''}" required autocomplete="email"></label>
          <label>Password <span class="hint">12 characters or more</span>
            <input name="password" type="password" required minlength="12" maxlength="200" autocomplete="new-password"></label>
          <button>Make the company</button>
        </form>
      </section>`,
  });
}

export function madePage(name: string, address: string): string {
  return layout({
    title: 'Your company is there',
    body: html`<section class="notice"><h1>${name} is there</h1>
      <p>It has an address, tables and policies of its own, and you run it.</p>
      <p><a class="button" href="${address}/sign-in">Sign in at ${address.replace(/^https?:\/\//, '')}</a></p></section>`,
  });
}
