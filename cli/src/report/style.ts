/** The page's style sheet. Colours are named by what they mean; the charts use the same names. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #12161c; --muted: #667085; --rule: #e4e7ec;
  --grid: #eef0f3; --axis: #cbd1da; --line: #2456d3; --band: #dfe8fb; --late: #c27803;
  --incident: #d1293d; --incident-area: rgba(209, 41, 61, .09); --good: #14804a;
  --shadow: 0 1px 2px rgba(16, 24, 40, .05);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1115; --card: #161a20; --ink: #e9ecf1; --muted: #95a0b2; --rule: #262c36;
    --grid: #1f242d; --axis: #3a4352; --line: #7ea6ff; --band: #1d2c4a; --late: #e5a63b;
    --incident: #ff6b7a; --incident-area: rgba(255, 107, 122, .13); --good: #4cc38a;
    --shadow: none;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  background: var(--page); color: var(--ink); -webkit-font-smoothing: antialiased;
  font: 14px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Inter, Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1264px; margin: 0 auto; padding: 40px 28px 72px; }
h1 { font-size: 26px; line-height: 1.2; letter-spacing: -.02em; font-weight: 650; }
h2 { font-size: 16px; letter-spacing: -.01em; font-weight: 650; margin: 44px 0 14px; }
h2 small { font-size: 13px; font-weight: 400; color: var(--muted); letter-spacing: 0; margin-left: 8px; }
.brand { color: var(--muted); font-size: 13px; margin-bottom: 6px; }
.brand b { color: var(--line); font-weight: 650; }
.lead { color: var(--muted); margin-top: 6px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; box-shadow: var(--shadow); }
.sum { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 10px 20px; padding: 20px 24px; margin-top: 26px; }
.sum div { min-width: 72px; }
.sum b { display: block; font-size: 27px; line-height: 1.15; font-weight: 600; letter-spacing: -.02em; }
.sum span { color: var(--muted); font-size: 12.5px; }
.sum i { font-style: normal; font-size: 22px; color: var(--muted); padding-bottom: 21px; }
.sum .verdict { margin-left: auto; text-align: right; max-width: 300px; }
.verdict b { font-size: 15px; letter-spacing: 0; line-height: 1.5; }
.good b { color: var(--good); } .bad b { color: var(--incident); }
.is-late b { color: var(--late); } .is-invalid b { color: var(--incident); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin-top: 12px; }
.facts > div { padding: 14px 18px; }
.facts b { display: block; font-size: 19px; font-weight: 600; letter-spacing: -.01em; }
.facts span { color: var(--muted); font-size: 12.5px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 500; color: var(--muted); font-size: 12px; white-space: nowrap; }
th, td { padding: 9px 14px; border-top: 1px solid var(--rule); vertical-align: top; }
tr:first-child > th { border-top: 0; }
th:first-child, td:first-child { padding-left: 20px; } th:last-child, td:last-child { padding-right: 20px; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.t { white-space: nowrap; } td small { color: var(--muted); font-size: 12px; }
td a { color: inherit; text-decoration: none; border-bottom: 1px solid var(--axis); }
td a:hover { border-color: var(--line); color: var(--line); }
tfoot td { font-weight: 600; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--muted); }
td.data { max-width: 1px; width: 45%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tag { display: inline-block; font-size: 12px; line-height: 18px; border-radius: 9px; padding: 0 8px; border: 1px solid var(--rule); color: var(--muted); white-space: nowrap; }
.tag.critical, .tag.incident { color: var(--incident); border-color: currentColor; }
.tag.warning, .tag.late { color: var(--late); border-color: currentColor; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--muted); font-size: 12.5px; margin: -6px 0 12px; }
.legend span::before { content: ""; display: inline-block; width: 14px; height: 9px; margin-right: 6px; border-radius: 2px; background: var(--c); }
.legend .l-line::before { height: 2px; vertical-align: 4px; } .legend .l-dot::before { width: 7px; height: 7px; border-radius: 50%; vertical-align: 1px; }
.legend .l-late::before { width: 0; height: 0; background: none; border: 4px solid transparent; border-bottom: 6px solid var(--c); border-top: 0; vertical-align: 1px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 12px; }
.chart { padding: 14px 14px 8px; min-width: 0; scroll-margin-top: 16px; }
.chart.wide { grid-column: 1 / -1; }
.chart:target { border-color: var(--line); }
.chart header { display: flex; align-items: baseline; gap: 8px; padding: 0 4px 6px; min-height: 27px; }
.chart h3 { font-size: 13.5px; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chart h3 span { font-weight: 400; margin-left: 4px; }
.chart header small { color: var(--muted); font-size: 12px; margin-right: auto; white-space: nowrap; }
.plot { position: relative; touch-action: pan-y; } .plot svg { display: block; width: 100%; height: auto; }
.cross { position: absolute; width: 1px; background: var(--muted); opacity: .55; pointer-events: none; display: none; }
#tip { position: fixed; z-index: 9; pointer-events: none; display: none; background: var(--card); border: 1px solid var(--axis); border-radius: 8px; padding: 8px 11px; font-size: 12px; line-height: 1.55; box-shadow: 0 6px 20px rgba(0, 0, 0, .16); white-space: nowrap; }
#tip b { font-weight: 600; } #tip em { font-style: normal; color: var(--muted); } #tip .bad { color: var(--incident); } #tip .late { color: var(--late); }
.note { color: var(--muted); font-size: 12.5px; margin: 10px 4px 0; max-width: 92ch; }
.none { padding: 18px 20px; color: var(--muted); }
footer { margin-top: 48px; color: var(--muted); font-size: 12.5px; }
@media (max-width: 640px) { main { padding: 24px 16px 48px; } .sum i { display: none; } .sum .verdict { margin: 0; text-align: left; } table { min-width: 820px; } .chart.wide { overflow-x: auto; } .chart.wide .plot { min-width: 760px; } }
@media print { .chart, .card { break-inside: avoid; box-shadow: none; } }
`;
