/**
 * The part of the page's script that draws: two charts in SVG out of the history that the browser
 * keeps. Offset on a linear axis around zero, error bound on a logarithmic one, and below the offset
 * a strip with the state of the clock. Plain JavaScript for the browser, hence a string.
 */
export const CHART_SCRIPT = `
'use strict';
const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 190, LEFT = 64, RIGHT = 8, TOP = 10, BOTTOM = 34;
const WINDOW = 600;
let WIDTH = 720;

// one unit of the drawing is one pixel, so that text keeps its shape
function fit(target) {
  WIDTH = Math.max(280, target.clientWidth - 20);
  target.setAttribute('viewBox', '0 0 ' + WIDTH + ' ' + HEIGHT);
}

function svg(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  return node;
}

const UNITS = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];

function digits(value) {
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size === 0) return '0';
  return value.toFixed(Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(size)))));
}

function inUnit(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const size = Math.abs(seconds);
  if (size < 1e-12) return '0 ns';
  const unit = UNITS.find(function (each) { return size >= each[0] * 0.9995; }) || UNITS[3];
  return (seconds < 0 ? '−' : '') + digits(size / unit[0]) + ' ' + unit[1];
}

function signed(seconds) {
  const text = inUnit(seconds);
  return seconds !== null && seconds !== undefined && seconds > 0 ? '+' + text : text;
}

// 1, 2 or 5 times a power of ten, not below the value
function niceAbove(value) {
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  const factor = value / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

function axisLabel(seconds) {
  if (seconds === 0) return '0';
  const size = Math.abs(seconds);
  const unit = UNITS.find(function (each) { return size >= each[0] * 0.9995; }) || UNITS[3];
  return (seconds < 0 ? '−' : '') + Number((size / unit[0]).toPrecision(3)) + ' ' + unit[1];
}

function xOf(now, at) {
  return LEFT + (WIDTH - LEFT - RIGHT) * (1 - (now - at) / WINDOW);
}

function frame(target, ticks, now) {
  const parts = [];
  for (const tick of ticks) {
    parts.push(svg('line', {
      x1: LEFT, x2: WIDTH - RIGHT, y1: tick.y, y2: tick.y, class: tick.value === 0 ? 'zero' : 'grid'
    }));
    parts.push(svg('text', { x: LEFT - 8, y: tick.y + 4, 'text-anchor': 'end' }, axisLabel(tick.value)));
  }
  for (let minutes = 0; minutes <= WINDOW / 60; minutes += WIDTH < 460 ? 5 : 2) {
    const x = xOf(now, now - minutes * 60);
    const anchor = minutes === 0 ? 'end' : minutes * 60 === WINDOW ? 'start' : 'middle';
    const label = minutes === 0 ? 'now' : '−' + minutes + ' min';
    parts.push(svg('text', { x: x, y: HEIGHT - 4, 'text-anchor': anchor }, label));
  }
  target.replaceChildren.apply(target, parts);
}

// a gap of more than 15 seconds, or an unknown value, breaks the line
function pathOf(points, now, yOf) {
  let path = '', last = -Infinity;
  for (const point of points) {
    if (point.value === null || point.value === undefined) { last = -Infinity; continue; }
    const joined = point.at - last < 15;
    path += (joined ? 'L' : 'M') + xOf(now, point.at).toFixed(1) + ' ' + yOf(point.value).toFixed(1);
    last = point.at;
  }
  return path;
}

function states(target, points, now) {
  for (let i = 0; i < points.length; i++) {
    const next = points[i + 1];
    const from = xOf(now, points[i].at);
    const to = next && next.at - points[i].at < 15 ? xOf(now, next.at) : xOf(now, points[i].at + 1);
    const width = Math.max(0.5, Math.min(to, WIDTH - RIGHT) - from + 0.3);
    target.appendChild(svg('rect', {
      x: from.toFixed(1), y: HEIGHT - 27, width: width.toFixed(1), height: 5, class: points[i].state
    }));
  }
}

function drawOffset(target, points, now) {
  fit(target);
  const sizes = points.map(function (p) { return Math.abs(p.offset); }).filter(Number.isFinite);
  sizes.sort(function (a, b) { return a - b; });
  // a start or a step must not flatten the rest of the picture
  const typical = sizes[Math.floor((sizes.length - 1) * 0.92)] || 1e-9;
  const limit = niceAbove(Math.max(typical * 1.15, 1e-9));
  const middle = (TOP + HEIGHT - BOTTOM) / 2, half = (HEIGHT - BOTTOM - TOP) / 2;
  const yOf = function (value) {
    return middle - half * Math.max(-1.03, Math.min(1.03, value / limit));
  };
  const ticks = [-1, -0.5, 0, 0.5, 1].map(function (k) {
    return { value: k * limit, y: yOf(k * limit) };
  });
  frame(target, ticks, now);
  states(target, points, now);
  const values = points.map(function (p) { return { at: p.at, value: p.offset }; });
  target.appendChild(svg('path', { d: pathOf(values, now, yOf), class: 'trace' }));
}

function drawBound(target, points, now) {
  fit(target);
  const known = points.map(function (p) { return p.bound; }).filter(function (b) { return b > 0; });
  const low = Math.floor(Math.log10(known.length ? Math.min.apply(null, known) : 1e-7));
  const high = Math.max(low + 2, Math.ceil(Math.log10(known.length ? Math.max.apply(null, known) : 1e-5)));
  const yOf = function (value) {
    const share = (Math.log10(value) - low) / (high - low);
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share;
  };
  const step = Math.ceil((high - low) / 5), ticks = [];
  for (let power = low; power <= high; power += step) {
    const value = Math.pow(10, power);
    ticks.push({ value: value, y: yOf(value) });
  }
  frame(target, ticks, now);
  const values = points.map(function (p) { return { at: p.at, value: p.bound > 0 ? p.bound : null }; });
  target.appendChild(svg('path', { d: pathOf(values, now, yOf), class: 'bound' }));
}
`
