/** The web view's one style sheet. */
export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#dde1e7, #31363f); --soft: light-dark(#5b6472, #9aa4b2);
  --paper: light-dark(#fff, #1b1e24); --ground: light-dark(#f4f5f7, #121419); --accent: light-dark(#0b5cad, #7db7f0); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; gap: 1rem; align-items: baseline; padding: .8rem 1.5rem; background: var(--paper);
  border-bottom: 1px solid var(--line); }
header a { font-weight: 650; text-decoration: none; color: inherit; }
header span, .summary, .when, dt, th { color: var(--soft); }
main { max-width: 70rem; margin: 1.5rem auto; padding: 0 1.5rem; }
a { color: var(--accent); }
form { display: flex; gap: .6rem; align-items: center; margin-bottom: 1rem; flex-wrap: wrap; }
input, button { font: inherit; padding: .35rem .7rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper); color: inherit; }
input { width: 18rem; max-width: 100%; }
table { width: 100%; border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); }
th, td { padding: .5rem .8rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }
th { font-weight: 500; font-size: .85em; }
.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
.when b { font-weight: 600; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.headers th { width: 14rem; }
h1 { font-size: 1.4rem; margin: 0 0 .8rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
nav { display: flex; gap: 1rem; margin: 1rem 0; }
.tabs { gap: 0; border-bottom: 1px solid var(--line); }
.tabs a { padding: .4rem 1rem; text-decoration: none; border-bottom: 2px solid transparent; }
.tabs a[aria-current] { border-color: var(--accent); font-weight: 600; }
iframe, pre { width: 100%; border: 1px solid var(--line); border-radius: 6px; }
iframe { height: 70vh; background: #fff; }
pre { margin: 0; padding: 1rem; background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, monospace; }
.empty { padding: 3rem; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: 6px; }
`;
