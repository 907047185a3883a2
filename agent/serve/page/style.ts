/** Style of the page: light and dark by the preference of the reader, no external font or image. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --card: #ffffff; --line: #dde3e9; --text: #17212b; --quiet: #5c6b7a;
  --ok: #1a7f4b; --ok-soft: #e3f4ea; --warning: #9a6200; --warning-soft: #fdf1d8;
  --critical: #b3261e; --critical-soft: #fbe6e4; --unknown: #56606b; --unknown-soft: #e9edf1;
  --info: #1d63b8; --info-soft: #e4eefb; --grid: #e8edf1;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f151b; --card: #182029; --line: #2a3540; --text: #e4eaf0; --quiet: #93a1af;
    --ok: #4cc38a; --ok-soft: #12301f; --warning: #f0b44c; --warning-soft: #362a10;
    --critical: #ff7b72; --critical-soft: #3b1b1a; --unknown: #a7b2bd; --unknown-soft: #262f38;
    --info: #6cb0ff; --info-soft: #14283f; --grid: #232d37;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1240px; margin: 0 auto; padding: 0 20px 40px; }
header { display: flex; align-items: baseline; gap: 12px; padding: 18px 0 14px; flex-wrap: wrap; }
header h1 { font-size: 17px; margin: 0; font-weight: 650; }
header .host { font-family: var(--mono); }
header .facts { margin-left: auto; color: var(--quiet); }
h2 {
  font-size: 12px; font-weight: 650; color: var(--quiet); margin: 0;
  text-transform: uppercase; letter-spacing: .06em;
}
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin-top: 16px; }
section > .head { display: flex; align-items: center; gap: 12px; padding: 12px 16px; flex-wrap: wrap; }
section > .head .note { color: var(--quiet); margin-left: auto; font-size: 13px; }
#banner { border-left: 6px solid var(--unknown); padding: 16px 20px; margin-top: 0; }
#banner.ok { border-left-color: var(--ok); }
#banner.warning { border-left-color: var(--warning); }
#banner.critical { border-left-color: var(--critical); }
#banner .sentence { font-size: 18px; font-weight: 600; margin-left: 10px; }
#banner .sentence::first-letter { text-transform: uppercase; }
#banner .figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 14px 28px; margin-top: 16px;
}
.figure .name { color: var(--quiet); font-size: 12px; }
.figure .value { font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure .more { color: var(--quiet); font-size: 12px; }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 10px; font-size: 12px; font-weight: 600;
  background: var(--unknown-soft); color: var(--unknown); white-space: nowrap;
}
.badge.ok { background: var(--ok-soft); color: var(--ok); }
.badge.warning { background: var(--warning-soft); color: var(--warning); }
.badge.critical { background: var(--critical-soft); color: var(--critical); }
.badge.info { background: var(--info-soft); color: var(--info); }
#problems ul { list-style: none; margin: 0; padding: 0 0 6px; }
#problems li { display: flex; gap: 12px; padding: 7px 16px; border-top: 1px solid var(--line); }
#problems .badge { align-self: flex-start; min-width: 70px; text-align: center; }
#problems .next { color: var(--quiet); }
.charts { display: grid; grid-template-columns: 3fr 2fr; gap: 16px; }
.charts section { min-width: 0; }
.tabs { display: flex; gap: 4px; }
.tabs button {
  font: inherit; font-size: 13px; color: var(--quiet); background: none; cursor: pointer;
  border: 1px solid transparent; border-radius: 6px; padding: 2px 10px;
}
.tabs button[aria-pressed=true] { color: var(--text); border-color: var(--line); background: var(--ground); }
svg { display: block; width: 100%; height: 198px; padding: 0 10px 8px; }
svg text { fill: var(--quiet); font-size: 11px; font-family: inherit; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--grid); } svg .zero { stroke: var(--quiet); stroke-opacity: .55; }
svg .trace { fill: none; stroke: var(--info); stroke-width: 1.6; stroke-linejoin: round; }
svg .bound { fill: none; stroke: var(--warning); stroke-width: 1.6; stroke-linejoin: round; }
svg .locked { fill: var(--ok); } svg .holdover { fill: var(--warning); }
svg .acquiring { fill: var(--info); } svg .freerun { fill: var(--critical); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th {
  text-align: left; font-weight: 500; font-size: 12px; color: var(--quiet); padding: 5px 12px;
  border-top: 1px solid var(--line); white-space: nowrap; background: var(--ground);
}
td { padding: 6px 12px; border-top: 1px solid var(--line); vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 16px; } th:last-child, td:last-child { padding-right: 16px; }
.number { text-align: right; white-space: nowrap; }
td.number { font-family: var(--mono); font-size: 13px; }
.id { font-family: var(--mono); font-size: 13px; white-space: nowrap; }
.quiet { color: var(--quiet); } .bad { color: var(--critical); }
.reach { display: inline-flex; gap: 2px; vertical-align: middle; }
.reach i { width: 5px; height: 12px; border-radius: 1px; background: var(--line); }
.reach i.on { background: var(--ok); }
#events .list { max-height: 320px; overflow-y: auto; }
.empty { padding: 4px 16px 14px; color: var(--quiet); }
body.away main > :not(header):not(#banner) { opacity: .45; }
@media (max-width: 860px) { .charts { grid-template-columns: 1fr; gap: 0; } main { padding: 0 10px 30px; } }
`
