import type { Tenant } from '@tenancy/core';
import { html, raw } from 'hono/html';

/** A piece of a page, in which every value is escaped. */
export type Markup = ReturnType<typeof html>;

export interface PageParts {
  readonly title: string;
  readonly body: Markup;
  /** The company whose page it is; the platform's own has none. */
  readonly company?: Tenant | undefined;
  /** True for somebody who has signed in: shows the menu. */
  readonly isSignedIn?: boolean;
  /** Address of the page in the menu. */
  readonly at?: string;
  /** A script of `assets/`. */
  readonly script?: string;
}

const MENU = [
  ['/desk', 'Desk'],
  ['/desk/jobs', 'Jobs'],
  ['/desk/candidates', 'Candidates'],
  ['/desk/invoices', 'Invoices'],
  ['/desk/activity', 'Activity'],
  ['/attacks', 'Attack console'],
  ['/isolation', 'Isolation'],
] as const;

/** A whole page. */
export function layout({ title, body, company, isSignedIn = false, at, script }: PageParts): string {
  const name = company?.name ?? 'Hiring platform';
  const home = company ? '/careers' : '/';
  const page = html`<!doctype html>
<html lang="en" data-color="${company?.settings?.color ?? (company ? 'forest' : 'plum')}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · ${name}</title>
  <link rel="icon" href="/assets/icon.svg">
  ${['site', 'forms', 'parts', 'console'].map((name) => html`<link rel="stylesheet" href="/assets/${name}.css">`)}
  ${script && html`<script src="/socket.io/socket.io.min.js" defer></script><script src="/assets/${script}" defer></script>`}
</head>
<body>
  <a class="skip" href="#main">To the content</a>
  <header class="top">
    <a class="brand" href="${home}"><span class="logo" aria-hidden="true">${[...name][0] ?? ''}</span><span>${name}</span></a>
    ${
      isSignedIn
        ? html`<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`
        : company && html`<a class="quiet-link" href="/sign-in">Sign in</a>`
    }
  </header>
  ${
    isSignedIn &&
    html`<nav class="menu" aria-label="Pages"><ul>${MENU.map(
      ([href, text]) => html`<li><a href="${href}" ${at === href && raw('aria-current="page"')}>${text}</a></li>`,
    )}</ul></nav>`
  }
  <main id="main" tabindex="-1">${body}</main>
  <footer>${
    company
      ? html`${name} hires with the hiring platform. Its data is its own. `
      : html`A demonstration: one application, many companies, and nothing between them. `
  }<a href="/openapi.json">OpenAPI</a> <a href="/health">Health</a></footer>
</body>
</html>`;
  return String(page);
}

/** Of this century, and the same for everybody: `29 Nov 2026, 15:40`. */
export function moment(at: Date): Markup {
  const text = at.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`<time datetime="${at.toISOString()}">${text}</time>`;
}

export const euros = (cents: number): string =>
  `€ ${(cents / 100).toLocaleString('en-GB', { minimumFractionDigits: 2 })}`;
