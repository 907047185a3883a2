/**
 * The page: one self-contained document with its style and script inside, served with a policy that
 * lets nothing else in. Inline parts are allowed by their digests, so injected ones stay dead.
 */
import { type Response, respond } from '../message.ts'
import { CHART_SCRIPT } from './chart.ts'
import { PAGE_SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

const SCRIPT = CHART_SCRIPT + PAGE_SCRIPT

const head = (...names: string[]): string =>
  `<thead><tr>${names.map((name) => (name.startsWith('#') ? `<th class="number">${name.slice(1)}</th>` : `<th>${name}</th>`)).join('')}</tr></thead>`

const table = (id: string, header: string): string =>
  `<div class="scroll"><table>${header}<tbody id="${id}"></tbody></table><div class="empty" id="${id}-empty" hidden></div></div>`

const BODY = `<main>
<header><h1>Timewarden</h1><span class="host" id="host"></span><span class="facts" id="facts"></span></header>
<section id="banner"><span class="badge" id="level">…</span><span class="sentence" id="sentence" role="status">Asking the agent</span>
<div class="figures" id="figures"></div></section>
<section id="problems" hidden><div class="head"><h2>What to look at</h2></div><ul id="problem-list"></ul></section>
<div class="charts">
<section><div class="head"><h2>Offset</h2><div class="tabs" id="tabs"></div><span class="note" id="chart-note"></span></div>
<svg id="offset" role="img" aria-label="Offset over the last ten minutes"></svg></section>
<section><div class="head"><h2>Error bound</h2><span class="note">the farthest from true time</span></div>
<svg id="bound" role="img" aria-label="Error bound over the last ten minutes"></svg></section>
</div>
<section><div class="head"><h2>Clocks</h2><span class="note">offset: local − reference, positive when this node is ahead</span></div>
${table('clocks', head('Clock', 'State', 'Mode', '#Offset', '#Bound ±', '#Frequency', 'Why'))}</section>
<section><div class="head"><h2>Sources</h2></div>
${table('sources', head('Source', 'Clock', 'Verdict', 'Reach', '#Poll', '#Age', '#Offset', '#Distance ±', '#Delay', '#Stratum', 'Why'))}</section>
<section><div class="head"><h2>DNS</h2><span class="note" id="dns-note"></span></div>
${table('dns-matrix', head('Server', 'Role', 'UDP', 'TCP', 'DoT', 'What is wrong'))}
${table('dns', head('Server', 'Over', 'Last result', '#Last', '#Mean', '#Probes', '#Failed in a row', 'Results'))}</section>
<section id="events"><div class="head"><h2>Events</h2></div><div class="list">
${table('events-body', head('Time (UTC)', 'Event', 'Subject', 'Detail'))}</div></section>
</main>`

export const DOCUMENT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>Timewarden</title><style>${STYLE}</style></head>
<body>${BODY}<script>${SCRIPT}</script></body></html>
`

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`
}

async function policy(): Promise<string> {
  const [script, style] = await Promise.all([digest(SCRIPT), digest(STYLE)])
  return [
    "default-src 'self'",
    `script-src ${script}`,
    `style-src ${style}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The digests are made with the first request, not at each start. */
export function createPage(): () => Promise<Response> {
  let made: Promise<string> | undefined
  return async () => {
    made ??= policy()
    return respond(200, 'text/html; charset=utf-8', DOCUMENT, {
      'content-security-policy': await made,
      'referrer-policy': 'no-referrer',
    })
  }
}
