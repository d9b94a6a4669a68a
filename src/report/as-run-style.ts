/** The style sheet of the as-run page: readable on a screen, light and dark, and on paper. */
export const asRunStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6472; --line: #d5dae1; --paper: #fff; --panel: #f5f7f9; --good: #17693a; --bad: #a1260d; --warn: #8a5a00; --mark: #2f6fb0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ed; --soft: #9aa5b1; --line: #333b45; --paper: #14181d; --panel: #1c2229; --good: #6fcf8f; --bad: #ff9a85; --warn: #e8b95c; --mark: #6fa8dc; } }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1.25rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; } .facts { width: auto; } .facts th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } time { color: var(--soft); font-variant-numeric: tabular-nums; } small { color: var(--soft); }
code, pre { font: 13px/1.45 ui-monospace, monospace; } code { overflow-wrap: anywhere; } pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; margin: .4rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.verdict { padding: .6rem .9rem; border-left: 4px solid; background: var(--panel); } .verdict.good { border-color: var(--good); } .verdict.bad { border-color: var(--bad); }
.problem { border-left: 4px solid var(--bad); padding-left: .9rem; margin: 1rem 0; } .problem.warning { border-color: var(--warn); } .problem h3 code { color: var(--soft); font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; margin: 0; } dt { color: var(--soft); } dd { margin: 0; min-width: 0; }
.applied, .satisfied, .add { color: var(--good); } .failed, .refused, .not-verified, .in-flight, .del { color: var(--bad); } .not-started, .cancelled { color: var(--warn); } .at { color: var(--mark); }
.bar { width: 40%; } .bar span { display: block; height: .8rem; min-width: 2px; background: var(--mark); } .step > p { margin: .2rem 0; }
a { color: inherit; } ul { padding-left: 1.2rem; }
@media print { body { max-width: none; margin: 0; font-size: 11px; } h2 { break-after: avoid; } .problem, tr { break-inside: avoid; } a { text-decoration: none; } }
`;
