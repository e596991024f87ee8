/** Colours as pairs of ink and ground; every pair has a contrast of at least 4.5 to 1, in light and in dark. */
export const PAGE_STYLE = `
:root {
  --ink: #1b2130; --ground: #ffffff; --quiet-ink: #5a6275; --raised: #f6f7f9; --line: #dde0e7; --link: #1d4fbf;
  --leaks-ink: #a3121f; --leaks-ground: #fde8ea; --unproven-ink: #744900; --unproven-ground: #fff0c9;
  --proven-ink: #17613a; --proven-ground: #e4f5ea; --exempt-ink: #454d63; --exempt-ground: #e7eaf1; --accepted-ink: #5b2a86; --accepted-ground: #f1e6fb;
  --mark-ink: #3b0005; --mark-ground: #ffc2c7; --solid-ink: #ffffff;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9f0; --ground: #12151c; --quiet-ink: #9aa3b7; --raised: #1a1e28; --line: #2d3342; --link: #8fb3ff;
    --leaks-ink: #ff9aa3; --leaks-ground: #47141b; --unproven-ink: #ffd37a; --unproven-ground: #402f08;
    --proven-ink: #86dba6; --proven-ground: #12331f; --exempt-ink: #b9c2d8; --exempt-ground: #272d3b; --accepted-ink: #d9b3ff; --accepted-ground: #36214d;
    --mark-ink: #ffffff; --mark-ground: #9c1c2a; --solid-ink: #12151c;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { color-scheme: light dark; scroll-padding-top: 5rem; }
body { margin: 0; overflow-wrap: anywhere; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main, footer { max-width: 82rem; margin: 0 auto; padding: 0 1.5rem; }
a { color: var(--link); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
h1, h2, h3, h4, h5, p { margin: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; }
h4 { font-size: .95rem; margin: 1.25rem 0 .35rem; }
h5 { font-size: .78rem; letter-spacing: .03em; color: var(--quiet-ink); margin: 1rem 0 .35rem; }
code, pre, .row th a, .entrance h3, .where { font-family: var(--mono); }
.quiet { color: var(--quiet-ink); font-weight: 400; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100vw; background: var(--ground); padding: .5rem 1rem; z-index: 3; }
.skip:focus { left: 1rem; top: 1rem; }

.masthead { padding-top: 2.25rem; }
.eyebrow { color: var(--quiet-ink); font-size: .9rem; }
.verdict { display: flex; align-items: center; gap: .75rem; margin-top: 1.1rem; padding: .9rem 1.1rem; border-radius: 10px; font-size: 1.3rem; line-height: 1.3; }
.verdict .sign { flex: none; display: grid; place-items: center; width: 2.1rem; height: 2.1rem; border-radius: 50%; color: var(--solid-ink); font-weight: 700; }
.verdict.leaks, .badge.leaks, .cell.leaks { background: var(--leaks-ground); color: var(--leaks-ink); }
.verdict.unproven, .badge.unproven, .cell.unproven { background: var(--unproven-ground); color: var(--unproven-ink); }
.verdict.proven, .badge.proven, .cell.proven { background: var(--proven-ground); color: var(--proven-ink); }
.badge.exempt, .cell.exempt { background: var(--exempt-ground); color: var(--exempt-ink); }
.verdict.accepted, .badge.accepted, .cell.accepted { background: var(--accepted-ground); color: var(--accepted-ink); }
.badge.none { color: var(--quiet-ink); }
.verdict.leaks .sign, .sign.leaks { background: var(--leaks-ink); }
.verdict.unproven .sign, .sign.unproven { background: var(--unproven-ink); }
.verdict.proven .sign, .sign.proven { background: var(--proven-ink); }
.sign.exempt { background: var(--exempt-ink); }
.verdict.accepted .sign, .sign.accepted { background: var(--accepted-ink); }
.counts { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: .6rem; margin: .8rem 0 0; padding: 0; }
.counts li { border: 1px solid var(--line); border-radius: 10px; padding: .55rem .9rem; }
.counts .number { display: block; font-size: 1.5rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.counts .leaks { color: var(--leaks-ink); } .counts .unproven { color: var(--unproven-ink); }
.counts .proven { color: var(--proven-ink); } .counts .exempt { color: var(--exempt-ink); }
.counts .accepted, .chip.accepted { color: var(--accepted-ink); }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: .9rem 0 0; }
.facts div { display: flex; gap: .5rem; } .facts dt { color: var(--quiet-ink); } .facts dd { margin: 0; }
.note { margin-top: 1rem; padding: .7rem 1rem; background: var(--unproven-ground); color: var(--unproven-ink); border-radius: 8px; }

.filters { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin: 1.5rem -1.5rem 0; padding: .65rem 1.5rem; background: var(--ground); border-block: 1px solid var(--line); font-size: .88rem; }
.filters fieldset { display: flex; flex-wrap: wrap; gap: .35rem; border: 0; margin: 0; padding: 0; }
.filters legend { float: left; margin-right: .4rem; padding: .25rem 0; color: var(--quiet-ink); }
.chip { display: inline-flex; align-items: center; gap: .3rem; padding: .2rem .65rem; border: 1px solid var(--line); border-radius: 99px; cursor: pointer; }
.chip:has(:checked) { border-color: currentColor; font-weight: 600; }
.chip.leaks { color: var(--leaks-ink); } .chip.unproven { color: var(--unproven-ink); } .chip.proven { color: var(--proven-ink); } .chip.exempt { color: var(--exempt-ink); }
.chip:has(:checked).leaks { background: var(--leaks-ground); } .chip:has(:checked).unproven { background: var(--unproven-ground); }
.chip:has(:checked).proven { background: var(--proven-ground); } .chip:has(:checked).exempt { background: var(--exempt-ground); }
.chip:has(:checked).accepted { background: var(--accepted-ground); }
.chip input { margin: 0; accent-color: currentColor; }
.field { white-space: nowrap; display: inline-flex; align-items: center; gap: .4rem; color: var(--quiet-ink); } .field.grow { flex: 1 1 12rem; }
.filters select, .filters input[type=search], button { font: inherit; color: var(--ink); background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .5rem; min-width: 0; }
.filters input[type=search] { width: 100%; } .filters ::placeholder { color: var(--quiet-ink); opacity: 1; } button { cursor: pointer; } button:hover { border-color: var(--quiet-ink); }
output { color: var(--quiet-ink); white-space: nowrap; font-variant-numeric: tabular-nums; }

.scroll { overflow-x: auto; margin-top: .8rem; border: 1px solid var(--line); border-radius: 10px; }
.grid { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .8rem; }
.grid thead th { overflow-wrap: normal; text-align: left; vertical-align: bottom; padding: .55rem .45rem; font-weight: 600; color: var(--quiet-ink); border-bottom: 1px solid var(--line); line-height: 1.25; }
.grid th:first-child { padding-left: .9rem; }
.grid .kind th { text-align: left; padding: .5rem .9rem; background: var(--raised); font-weight: 650; }
.row th { text-align: left; font-weight: 400; padding: .3rem .9rem; min-width: 15rem; }
.row th a { color: var(--ink); font-size: .82rem; text-decoration: none; } .row th a:hover { text-decoration: underline; }
.row th.leaks a { color: var(--leaks-ink); font-weight: 650; } .row th.unproven a { color: var(--unproven-ink); font-weight: 650; }
.row .handler { display: block; color: var(--quiet-ink); font-size: .74rem; }
.row > * { border-bottom: 1px solid var(--line); } tbody:last-child .row:last-child > * { border-bottom: 0; }
.row:hover th { background: var(--raised); }
.cell { padding: 0; width: 5.4rem; border-left: 2px solid var(--ground); white-space: nowrap; }
.cell a { display: block; padding: .5rem .4rem; color: inherit; text-decoration: none; } .cell a:hover { text-decoration: underline; }
.cell.leaks a { font-weight: 700; } .cell.none { padding: .5rem .4rem; color: var(--quiet-ink); }
.cell .column { display: none; }
@media (min-width: 46.01rem) and (max-width: 88rem) {
  .grid thead .attack { writing-mode: vertical-rl; transform: rotate(180deg); padding: .45rem .2rem; vertical-align: top; white-space: nowrap; border: solid var(--line); border-width: 1px 0 0; }
  .grid td.cell:not(.whole) { width: 2.2rem; text-align: center; } .cell:not(.whole) a { padding: .5rem .1rem; }
  .cell:not(.whole) .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
}
.cell.whole { white-space: normal; background: none; color: var(--quiet-ink); padding: .3rem .4rem; }
.cell.whole a { display: inline-block; padding: .1rem .5rem; border-radius: 5px; font-weight: 600; }
.whole.exempt a { background: var(--exempt-ground); color: var(--exempt-ink); } .whole.accepted a { background: var(--accepted-ground); color: var(--accepted-ink); } .whole.unproven a { background: var(--unproven-ground); color: var(--unproven-ink); }
.whole.leaks a { background: var(--leaks-ground); color: var(--leaks-ink); } .whole.proven a { background: var(--proven-ground); color: var(--proven-ink); }
.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: .15rem 1.5rem; margin: .8rem 0 0; font-size: .82rem; }
.legend div { display: flex; gap: .5rem; } .legend dt { font-weight: 600; flex: none; width: 8.5rem; } .legend dd { margin: 0; color: var(--quiet-ink); }

.lead { color: var(--quiet-ink); margin: .1rem 0 .8rem; }
.entrance { border: 1px solid var(--line); border-radius: 10px; margin-top: .5rem; }
.entrance[open] { box-shadow: 0 1px 8px rgb(0 0 0 / .07); }
.entrance summary { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; padding: .6rem .9rem; cursor: pointer; list-style: none; border-radius: 10px; }
.entrance summary::-webkit-details-marker { display: none; }
.entrance summary::after { content: '+'; margin-left: auto; order: 1; color: var(--quiet-ink); font-size: 1.1rem; width: 1rem; text-align: center; } .entrance[open] summary::after { content: '−'; }
.entrance summary:hover { background: var(--raised); }
.entrance summary .sign { flex: none; display: grid; place-items: center; width: 1.35rem; height: 1.35rem; border-radius: 50%; color: var(--solid-ink); font-size: .8rem; font-weight: 700; }
.entrance h3 { font-size: .92rem; font-weight: 650; min-width: 0; max-width: calc(100% - 4.5rem); }
.entrance .sentence { order: 2; flex: 1 0 100%; padding-left: 1.95rem; }
.tag { font-size: .78rem; padding: .05rem .5rem; border-radius: 99px; background: var(--leaks-ground); color: var(--leaks-ink); }
.entrance .body { padding: 0 1.1rem 1.1rem; border-top: 1px solid var(--line); }
.entrance .body > p { margin-top: .8rem; }
article.attack { padding-bottom: .4rem; border-bottom: 1px solid var(--line); }
article.attack .why { font-size: 1rem; }
.badge { display: inline-block; padding: .05rem .5rem; border-radius: 5px; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.badge.none { padding-left: 0; font-weight: 400; }
.seen { margin: 0; padding-left: 1.1rem; } .where { font-size: .85rem; } .seen code { font-size: .85rem; }
.exchange { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 1rem; }
pre { margin: 0; padding: .7rem .85rem; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; font-size: .8rem; line-height: 1.5; white-space: pre-wrap; max-height: 30rem; overflow-y: auto; tab-size: 2; }
pre .name { color: var(--quiet-ink); }
mark { background: var(--mark-ground); color: var(--mark-ink); font-weight: 650; padding: .05em .15em; border-radius: 3px; }
.cut { display: block; color: var(--quiet-ink); font-style: italic; } .unseen { color: var(--leaks-ink); }
.copyable { position: relative; } .copyable pre { padding-right: 5rem; } .copy { position: absolute; top: .45rem; right: .45rem; font-size: .8rem; background: var(--ground); }
.change, .attacks { border-collapse: collapse; width: 100%; font-size: .84rem; } .change { margin-bottom: .6rem; table-layout: fixed; }
.change caption { text-align: left; padding: .2rem 0; }
.change th, .change td, .attacks th, .attacks td { text-align: left; vertical-align: top; padding: .28rem .6rem; border-top: 1px solid var(--line); font-weight: 400; }
.change td { font-family: var(--mono); font-size: .8rem; } .change .same { color: var(--quiet-ink); } .change .differs th { font-weight: 650; }
.attacks td:first-child { width: 8rem; padding-left: 0; } .attacks th { width: 8rem; }
table.branches { border-collapse: collapse; width: 100%; font-size: .84rem; } .branches th, .branches td { text-align: left; vertical-align: top; padding: .28rem .6rem .28rem 0; border-top: 1px solid var(--line); font-weight: 400; } .branches th { width: 40%; }
del { color: var(--leaks-ink); background: var(--leaks-ground); } ins { color: var(--proven-ink); background: var(--proven-ground); text-decoration: none; font-weight: 600; }
:target { outline: 2px solid var(--link); outline-offset: 3px; }
footer { padding-block: 2.5rem; color: var(--quiet-ink); font-size: .85rem; }

@media (max-width: 60rem) { .exchange { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 46rem) {
  main, footer { padding-inline: 1rem; }
  html { scroll-padding-top: 1rem; }
  .masthead { padding-top: 1.25rem; } h1 { font-size: 1.5rem; } .verdict { font-size: 1.1rem; padding: .75rem .85rem; }
  .counts { grid-template-columns: repeat(2, 1fr); } .counts li { display: flex; align-items: baseline; gap: .5rem; } .counts .number { display: inline; }
  .filters { position: static; margin-inline: -1rem; padding-inline: 1rem; } .field { flex: 1 1 40%; } .field select { flex: 1; }
  .scroll { border: 0; overflow: visible; } .grid thead { display: block; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .grid, .grid tbody, .grid tr { display: block; } .grid .kind th { display: block; border-radius: 6px; }
  .grid .row { display: flex; flex-wrap: wrap; gap: .25rem; padding: .55rem 0; border-bottom: 1px solid var(--line); } .row > * { border: 0; }
  .row th { flex: 1 0 100%; padding: 0 0 .15rem; } .grid th:first-child { padding-left: 0; } .grid .kind th:first-child { padding-left: .6rem; }
  .cell { display: inline-flex; width: auto; border: 0; border-radius: 5px; font-size: .75rem; } .cell.none { display: none; }
  .cell .column { display: inline; padding: .2rem 0 .2rem .45rem; }
  .cell.proven .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .cell.whole { display: block; padding: 0; font-size: .8rem; } .cell a { padding: .2rem .45rem; }
  .legend { grid-template-columns: 1fr; } .attacks td:first-child { width: 6.5rem; } .attacks th { width: 6rem; } .attacks th, .attacks td { padding-inline: .3rem; }
  .entrance .body { padding-inline: .8rem; }
}
@media print {
  :root { --ink: #000; --ground: #fff; --quiet-ink: #444; --raised: #f4f4f4; --line: #bbb; --link: #000; --solid-ink: #fff;
    --leaks-ink: #a3121f; --leaks-ground: #fde8ea; --unproven-ink: #744900; --unproven-ground: #fff0c9; --proven-ink: #17613a; --proven-ground: #e4f5ea;
    --exempt-ink: #454d63; --exempt-ground: #e7eaf1; --accepted-ink: #5b2a86; --accepted-ground: #f1e6fb; --mark-ink: #3b0005; --mark-ground: #ffc2c7; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { color-scheme: light; } body { font-size: 11px; }
  .filters, .copy, .skip { display: none !important; } pre { max-height: none; } .scroll { overflow: visible; }
  .row th { min-width: 0; } .cell { width: auto; } .row, .change, .legend { break-inside: avoid; } h2, h3, h4, h5 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
