/**
 * The part of the page's script that asks `/status` each second and fills the page. Every text goes
 * in as text, never as markup: names of sources and references come from the network.
 */
export const PAGE_SCRIPT = `
const kept = new Map();
let chosen = 'system', failures = 0, lastSeen;

function el(tag, className, content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content === undefined || content === null) return node;
  for (const part of Array.isArray(content) ? content : [content]) node.append(part);
  return node;
}
const byId = function (id) { return document.getElementById(id); };
const badge = function (kind, text) { return el('span', 'badge ' + kind, text); };

function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds > 0 && seconds < 0.9995) return inUnit(seconds);
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return whole + ' s';
  if (whole < 3600) return Math.floor(whole / 60) + ' min ' + (whole % 60) + ' s';
  if (whole < 86400) return Math.floor(whole / 3600) + ' h ' + Math.floor(whole % 3600 / 60) + ' min';
  return Math.floor(whole / 86400) + ' d ' + Math.floor(whole % 86400 / 3600) + ' h';
}

function ppb(value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  const text = size >= 1e5 ? digits(size / 1e3) + ' ppm' : size.toFixed(1) + ' ppb';
  return (value < 0 ? '−' : '+') + text;
}

const STATE_KIND = { locked: 'ok', acquiring: 'info', holdover: 'warning', freerun: 'critical' };
const VERDICT_KIND = {
  selected: 'ok', combined: 'ok', standby: 'info', outlier: 'info', noselect: '',
  smeared: 'critical', falseticker: 'critical', 'no-majority': 'critical', unreachable: 'warning',
  stale: 'warning', unsynchronised: 'warning', distance: 'warning', 'no-sample': ''
};
const SEVERITY_KIND = { info: 'info', warning: 'warning', error: 'critical' };

function remember(status) {
  const at = status.monotonicSeconds;
  for (const clock of status.clocks) {
    let points = kept.get(clock.name) || [];
    const last = points[points.length - 1];
    // the agent was restarted with another boot: its monotonic clock went back
    if (last && last.at > at) points = [];
    if (!last || last.at !== at) {
      points.push({ at: at, offset: clock.offsetSeconds, bound: clock.errorBoundSeconds, state: clock.state });
    }
    kept.set(clock.name, points.filter(function (point) { return at - point.at <= WINDOW; }));
  }
}

function figure(name, value, more) {
  return el('div', 'figure', [
    el('div', 'name', name), el('div', 'value', value), el('div', 'more', more || '')
  ]);
}

function showBanner(status, clock) {
  byId('banner').className = status.level;
  byId('level').className = 'badge ' + status.level;
  byId('level').textContent = status.level;
  byId('sentence').textContent = status.sentence;
  if (!clock) return;
  const left = clock.holdoverRemainingSeconds;
  byId('figures').replaceChildren(
    figure('State of ' + clock.name, clock.state, 'for ' + span(clock.stateSeconds) + ' · ' + clock.mode),
    figure('Error bound', clock.errorBoundSeconds === null ? 'unknown' : '± ' + inUnit(clock.errorBoundSeconds),
      left === null ? 'grows ' + digits(clock.errorBoundGrowthPpb) + ' ppb unmeasured' : span(left) + ' of holdover left'),
    figure('Offset', signed(clock.offsetSeconds), clock.offsetSource ? 'to ' + clock.offsetSource : ''),
    figure('Frequency', ppb(clock.frequencyPpb),
      clock.steered ? 'steered by this agent' : 'not steered by this agent'),
    figure('TAI − UTC', clock.taiOffsetSeconds === null ? '–' : clock.taiOffsetSeconds + ' s',
      clock.leap === 'none' ? 'no leap second ahead' : 'leap second: ' + clock.leap)
  );
}

function showProblems(status) {
  byId('problems').hidden = status.problems.length === 0;
  byId('problem-list').replaceChildren.apply(byId('problem-list'), status.problems.map(function (problem) {
    const text = el('div', '', [el('div', '', problem.text), el('div', 'next', problem.next)]);
    return el('li', '', [badge(problem.level, problem.level), text]);
  }));
}

function showCharts(status) {
  const names = status.clocks.map(function (clock) { return clock.name; });
  if (!names.includes(chosen) && names.length) chosen = names[0];
  byId('tabs').replaceChildren.apply(byId('tabs'), names.map(function (name) {
    const button = el('button', '', name);
    button.type = 'button';
    button.setAttribute('aria-pressed', String(name === chosen));
    button.addEventListener('click', function () { chosen = name; showCharts(status); });
    return button;
  }));
  const clock = status.clocks.find(function (each) { return each.name === chosen; });
  byId('chart-note').textContent = clock ? clock.reason : '';
  const points = kept.get(chosen) || [];
  drawOffset(byId('offset'), points, status.monotonicSeconds);
  drawBound(byId('bound'), points, status.monotonicSeconds);
}

function row(cells) { return el('tr', '', cells); }
function cell(content, className) { return el('td', className || '', content); }
function num(text) { return cell(text, 'number'); }

function fill(id, rows, empty) {
  byId(id).replaceChildren.apply(byId(id), rows);
  byId(id + '-empty').textContent = rows.length === 0 ? empty : '';
  byId(id + '-empty').hidden = rows.length > 0;
  byId(id).parentElement.hidden = rows.length === 0;
}

function reach(bits) {
  const marks = [];
  for (let bit = 7; bit >= 0; bit--) marks.push(el('i', bits >> bit & 1 ? 'on' : ''));
  const box = el('span', 'reach', marks);
  box.title = 'the last eight polls, newest right';
  return box;
}

function showClocks(status) {
  fill('clocks', status.clocks.map(function (clock) {
    return row([
      cell(clock.name, 'id'), cell(badge(STATE_KIND[clock.state] || '', clock.state)), cell(clock.mode),
      num(signed(clock.offsetSeconds)), num(inUnit(clock.errorBoundSeconds)),
      num(ppb(clock.frequencyPpb)),
      cell(clock.reason, 'quiet')
    ]);
  }), 'No clock is looked after.');
}

function showSources(status) {
  fill('sources', status.sources.map(function (source) {
    return row([
      cell(source.id, 'id'), cell(source.clock || '–', 'id quiet'),
      cell(badge(VERDICT_KIND[source.verdict] || '', source.verdict)),
      cell(reach(source.reach)), num(span(source.pollSeconds)), num(span(source.sampleAgeSeconds)),
      num(signed(source.offsetSeconds)), num(inUnit(source.rootDistanceSeconds)), num(inUnit(source.delaySeconds)),
      num(source.stratum === null ? '–' : String(source.stratum)),
      cell(source.trouble || source.why, 'quiet')
    ]);
  }), 'No source: nothing is measured.');
}

const MARK_KIND = {
  ok: 'ok', lossy: 'warning', failing: 'critical', silent: 'critical', refused: 'critical', tls: 'critical'
};

function mark(state) {
  if (state.mark === 'unasked') return cell('–', 'quiet');
  const box = badge(MARK_KIND[state.mark] || '', state.mark);
  box.title = 'median ' + inUnit(state.p50Seconds) + ', the last ' + state.attempts + ' attempts';
  return cell(box);
}

function showMatrix(dns) {
  const found = dns.diagnoses || [];
  const rows = (dns.matrix || []).map(function (line) {
    const wrong = found.filter(function (each) { return each.targets.includes(line.target); });
    return row([
      cell(line.target, 'id'), cell(line.roles.join(', '), 'quiet'), mark(line.udp), mark(line.tcp), mark(line.dot),
      cell(wrong.map(function (each) { return el('div', '', each.sentence); }))
    ]);
  });
  fill('dns-matrix', rows, '');
  byId('dns-matrix-empty').hidden = true;
}

function showDns(status) {
  showMatrix(status.dns);
  byId('dns-note').textContent = status.dns.nameservers.length
    ? 'resolv.conf: ' + status.dns.nameservers.join(', ') : '';
  fill('dns', status.dns.targets.map(function (target) {
    const failing = target.consecutiveFailures > 0;
    const results = Object.keys(target.results).map(function (name) { return name + ' ' + target.results[name]; });
    const kind = failing ? (target.consecutiveFailures >= 3 ? 'critical' : 'warning') : 'ok';
    return row([
      cell(target.target, 'id'), cell(target.transport),
      cell(target.lastResult ? badge(kind, target.lastResult) : badge('', 'not yet')),
      num(inUnit(target.lastSeconds)), num(inUnit(target.meanSeconds)), num(String(target.probes)),
      num(String(target.consecutiveFailures)), cell(results.join(', '), 'quiet')
    ]);
  }), status.dns.enabled ? 'No name server to probe.' : 'The DNS probe is off.');
}

function showEvents(status) {
  fill('events-body', status.events.slice().reverse().map(function (event) {
    const times = event.repeats > 1 ? ' (' + event.repeats + ' times)' : '';
    return row([
      cell(event.time.slice(0, 19).replace('T', ' '), 'id quiet'),
      cell(badge(SEVERITY_KIND[event.severity] || '', event.code)),
      cell(event.subject, 'id'), cell(event.detail + times)
    ]);
  }), 'Nothing happened yet.');
}

function show(status) {
  remember(status);
  document.title = status.level + ' · ' + status.hostname + ' · Timewarden';
  document.body.className = '';
  byId('host').textContent = status.hostname;
  byId('facts').textContent = 'version ' + status.version + ' · up ' + span(status.uptimeSeconds) +
    ' · ' + status.time.slice(0, 19).replace('T', ' ') + ' UTC';
  const clock = status.clocks.find(function (each) { return each.name === 'system'; }) || status.clocks[0];
  showBanner(status, clock);
  showProblems(status);
  showCharts(status);
  showClocks(status);
  showSources(status);
  showDns(status);
  showEvents(status);
}

function showAway() {
  document.body.className = 'away';
  byId('banner').className = 'critical';
  byId('level').className = 'badge critical';
  byId('level').textContent = 'no answer';
  const since = lastSeen ? ' since ' + span((document.timeline.currentTime - lastSeen) / 1000) : '';
  byId('sentence').textContent = 'The agent does not answer' + since + '. What stands below is old.';
}

async function poll() {
  try {
    const response = await fetch('status', { cache: 'no-store' });
    if (!response.ok) throw new Error(String(response.status));
    show(await response.json());
    failures = 0;
    lastSeen = document.timeline.currentTime;
  } catch (error) {
    failures += 1;
    if (failures > 1) showAway();
    console.error(error);
  }
  setTimeout(poll, document.hidden ? 5000 : 1000);
}
poll();
`
