/**
 * Filters, copying, and opening what a link leads to. What it shows is read from attributes and compared, never made
 * into markup.
 */
export const PAGE_SCRIPT = `'use strict';
(() => {
  const form = document.getElementById('filters');
  const shown = document.getElementById('shown');
  const nothing = document.getElementById('nothing');
  const rows = [...document.querySelectorAll('tr.row')];
  const entrances = [...document.querySelectorAll('[data-entrance]')];

  const isWanted = (element, { verdicts, kind, attack, words }) => {
    const { verdict, kind: is, attacks, words: has } = element.dataset;
    if (kind && is !== kind) return false;
    if (!words.every((word) => has.includes(word))) return false;
    if (!attack) return verdicts.length === 0 || verdicts.includes(verdict);
    const tried = attacks.split(' ').find((one) => one.startsWith(attack + ':'));
    const came = tried && tried.slice(attack.length + 1);
    return came && (verdicts.length === 0 ? came !== 'none' : verdicts.includes(came));
  };

  const filter = () => {
    const data = new FormData(form);
    const wanted = {
      verdicts: data.getAll('verdict'),
      kind: data.get('kind'),
      attack: data.get('attack'),
      words: data.get('search').toLowerCase().split(/\\s+/).filter(Boolean),
    };
    for (const element of entrances) element.hidden = !isWanted(element, wanted);
    for (const group of document.querySelectorAll('tbody[role], section.findings')) {
      group.hidden = !group.querySelector('[data-entrance]:not([hidden])');
    }
    const left = rows.filter((row) => !row.hidden).length;
    shown.textContent = left === rows.length ? rows.length + ' entrances' : left + ' of ' + rows.length + ' entrances';
    nothing.hidden = left > 0;
  };

  form.hidden = false;
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(filter));
  filter();

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.closest('details');
    if (!details) return;
    details.open = true;
    if (details.hidden) form.reset();
    setTimeout(() => target.scrollIntoView());
    if (target === details) details.querySelector('summary').focus({ preventScroll: true });
  };
  // Where a long text was opened, its first mark is in view.
  const showMarks = (details) => {
    for (const area of details.querySelectorAll('pre:has(mark)')) {
      const mark = area.querySelector('mark');
      const below = mark.getBoundingClientRect().top - area.getBoundingClientRect().top;
      if (below > area.clientHeight) area.scrollTop = below - area.clientHeight / 3;
    }
  };
  document.addEventListener('toggle', (event) => showMarks(event.target), true);
  document.querySelectorAll('details[open]').forEach(showMarks);
  addEventListener('hashchange', reveal);
  reveal();

  const copy = async (text, area) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(area);
      document.execCommand('copy');
    }
  };
  for (const button of document.querySelectorAll('button.copy')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const area = button.parentElement.querySelector('pre');
      await copy(area.textContent, area);
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    });
  }

  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false;
  });
})();
`;
