import { html } from 'hono/html';
import { layout } from './layout.js';

/** The page for an answer that is none. Its words are the platform's own: nothing of the request or of the error is in them. */
export function errorPage(status: number, code: string | null, reason = code): string {
  const [title, text] = wordsFor(status, reason);
  return layout({
    title,
    body: html`
      <section class="notice">
        <p class="status">${status}</p>
        <h1>${title}</h1>
        <p>${text}</p>
        ${code && html`<p><code>${code}</code></p>`}
        <p><a class="button" href="/">To the start</a></p>
      </section>`,
  });
}

function wordsFor(status: number, reason: string | null): readonly [title: string, text: string] {
  switch (reason) {
    case 'tenant_required':
      return [
        'There is no company here',
        'No company has this address. Look at how it is written, or sign up with one of your own.',
      ];
    case 'tenant_mismatch':
      return [
        'You are signed in elsewhere',
        'What you were signed in with is of another company than this address. Here you are signed out now: sign in again.',
      ];
    case 'another_protocol':
      return [
        'The platform expects another protocol',
        'Your browser speaks http and the platform was started for https, or the other way round: its operator sets PROTOCOL. Nothing was done.',
      ];
    case 'job_closed':
      return ['This job is closed', 'Nobody can apply for it. Go back and open it first.'];
    case 'tenant_inactive':
      return ['This company is closed', 'Its account is suspended. Its data is kept, and nobody is let in.'];
  }
  switch (status) {
    case 400:
      return [
        'That could not be read',
        'Something in the address or the form is missing, too long or none that there is. Go back and look at it again.',
      ];
    case 403:
      return ['That came from another page', 'A page of another address sent this in your name, so nothing was done.'];
    case 404:
      return ['There is nothing here', "The page is not there, or is not your company's."];
    case 409:
      return ['There is one already', 'Your company has one of that name. Go back and choose another.'];
    case 413:
      return ['That is too much', 'What was sent is larger than the platform takes. Nothing was changed.'];
    case 429:
      return ['Too many calls', 'Wait a minute, and try again.'];
    case 503:
      return ['Not now', 'The platform cannot answer at the moment. Try again soon.'];
    default:
      return ['Something went wrong', 'The platform has written down what, and nothing was changed.'];
  }
}
