import { curlOf } from '../curl.js';
import { counted } from '../headline.js';
import { indentJson } from '../indent-json.js';
import type { Evidence, RowChange } from '../isolation-report.js';
import { markedText, type Piece } from '../marked-text.js';
import { isSecretHeader, redacted, withoutSecrets } from '../secrets.js';
import { shortened } from '../visible-text.js';
import { html, type Markup, preformatted } from './markup.js';

/** The request, the answer and the changes of a finding. */
export function evidenceOf(evidence: Evidence): Markup {
  const { request, response, sightings, log, changes } = evidence;
  const canaries = [...new Set(sightings.map(({ canary }) => canary))];
  const clean = withoutSecrets(request?.headers ?? {});
  const marked = (text: string, limits?: Parameters<typeof markedText>[2]) =>
    markedText(clean(text), canaries, limits).map(piece);
  const command = request ? curlOf(request, { secrets: 'variables', address: 'variable' }) : evidence.curl;
  return html`${
    sightings.length > 0 &&
    html`<h5>Seen</h5><ul class="seen">${sightings
      .slice(0, MOST)
      .map(
        ({ canary, path, excerpt }) =>
          html`<li><span class="where">${shortened(path, 200)}</span> <span>holds <b>${canary.what}</b> of tenant <b>${canary.tenantId}</b>:</span> <code>${marked(shortened(excerpt, 400))}</code></li>`,
      )}${more(sightings.length)}</ul>`
  }${
    request &&
    html`<div class="exchange"><div><h5>Request</h5><pre tabindex="0" class="message"><b>${request.method}</b> ${request.url}
${headers(request.headers, (text) => piecesOf(clean(text)))}${
  request.body !== null &&
  html`
${marked(indentJson(request.body))}`
}</pre></div>${
      response &&
      html`<div><h5>Response</h5><pre tabindex="0" class="message"><b>${response.status}</b>
${headers(response.headers, (text) => marked(text, { whole: 600, around: 120 }))}
${response.text === '' ? html`<span class="quiet">no body</span>` : marked(indentJson(response.text))}</pre></div>`
    }</div>`
  }${
    changes.length > 0 &&
    html`<h5>Rows of the other tenant, before and after</h5>${changes.slice(0, MOST).map((change) => rowChange(change, clean))}${changes.length > MOST && html`<p class="quiet">… and ${changes.length - MOST} more rows</p>`}`
  }${
    log.length > 0 &&
    html`<h5>Log</h5><pre tabindex="0" class="message">${log.slice(0, MOST).map(
      (line) => html`${marked(line, { whole: 600, around: 200 })}
`,
    )}${log.length > MOST && `… and ${log.length - MOST} more lines`}</pre>`
  }${
    command &&
    html`<h5>Send it again</h5><div class="copyable"><pre tabindex="0">${preformatted(command)}</pre><button type="button" class="copy" hidden>Copy</button></div>`
  }`;
}

/** A report is read by people. */
const MOST = 20;

const more = (count: number) => count > MOST && html`<li class="quiet">… and ${count - MOST} more</li>`;

const piecesOf = (text: string) => [preformatted(shortened(text, 600))];

function headers(all: Readonly<Record<string, string>>, write: (text: string) => Markup[]): Markup[] {
  return Object.entries(all).map(([name, value]) => {
    // A report may hold a list where a header came twice.
    const text = isSecretHeader(name) ? redacted(name, String(value)) : String(value);
    return html`<span class="name">${shortened(name, 100)}:</span> ${write(text)}
`;
  });
}

function piece(one: Piece): Markup {
  if (one.kind === 'cut') {
    return html`<span class="cut">… ${counted(one.characters, 'character', 'characters')} left out …</span>`;
  }
  if (one.kind === 'mark') return html`<mark title="${one.what}">${preformatted(one.text)}</mark>`;
  return preformatted(one.text);
}

function rowChange({ table, before, after }: RowChange, clean: (text: string) => string): Markup {
  const columns = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const what = before === null ? 'inserted' : after === null ? 'deleted' : 'changed';
  const show = (row: RowChange['before'], column: string) =>
    row && Object.hasOwn(row, column) ? shortened(clean(valueText(row[column])), 300) : null;
  return html`<table class="change"><caption><code>${table}</code> row ${what}</caption><thead><tr><th scope="col">column</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>${columns.map(
    (column) => {
      const [was, is] = [show(before, column), show(after, column)];
      const differs = was !== is;
      return html`<tr class="${differs ? 'differs' : 'same'}"><th scope="row">${shortened(column, 100)}</th><td>${was !== null && (differs ? html`<del>${was}</del>` : was)}</td><td>${is !== null && (differs ? html`<ins>${is}</ins>` : is)}</td></tr>`;
    },
  )}</tbody></table>`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
