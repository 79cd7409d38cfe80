// The curve of profit and loss: points on a grid of event time, drawn as SVG.

import { byId, draw, make } from "./dom.js";
import { clock, day, signed, usd } from "./format.js";

const WIDTH_MIN = 260;
const HEIGHT = 250;
const EDGE = { left: 74, right: 10, top: 10, bottom: 26 };
const LINES = ["unrealised", "realised", "total"];
const STEPS_MS = { "10s": 10_000, "5m": 300_000 };
const POINTS_MAX = { "10s": 720, "5m": 2016 };

export class Curve {
  constructor() {
    this.step = "10s";
    this.points = [];
    this.width = 0;
    new ResizeObserver(() => byId("curve").clientWidth === this.width || this.render()).observe(byId("curve"));
  }

  load(step, points) {
    this.step = step;
    this.points = points.map((point) => read(point.time, point));
    this.render();
  }

  // The point of now: it moves until the grid has a new one.
  add(time, pnl) {
    const point = read(time, pnl);
    const step = STEPS_MS[this.step];
    const last = this.points.at(-1);
    if (last && point.at < last.at) return;
    if (last?.live && Math.floor(last.at / step) === Math.floor(point.at / step)) this.points.pop();
    this.points.push({ ...point, live: true });
    this.points.splice(0, this.points.length - POINTS_MAX[this.step]);
    this.render();
  }

  render() {
    const place = byId("curve");
    if (this.points.length < 2) {
      place.replaceChildren(make("p", { className: "empty", text: "The curve begins with the second point of event time." }));
      return;
    }
    this.width = place.clientWidth;
    place.replaceChildren(picture(this.points, Math.max(WIDTH_MIN, this.width)));
  }
}

function read(time, pnl) {
  const point = { time, at: Date.parse(time) };
  for (const line of LINES) point[line] = Number(pnl[line]);
  return point;
}

function picture(points, width) {
  const values = points.flatMap((point) => LINES.map((line) => point[line]));
  const ticks = steps(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const [from, to] = [points[0].at, points.at(-1).at];
  const x = (at) => EDGE.left + ((at - from) / Math.max(1, to - from)) * (width - EDGE.left - EDGE.right);
  const y = (value) => EDGE.top + ((high - value) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": described(points) });
  for (const tick of ticks) {
    const height = y(tick).toFixed(1);
    svg.append(draw("line", { class: tick === 0 ? "zero" : "grid", x1: EDGE.left, x2: width - EDGE.right, y1: height, y2: height }));
    svg.append(draw("text", { x: EDGE.left - 8, y: Number(height) + 4, "text-anchor": "end" }, usd(tick)));
  }
  for (const [place, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const at = from + (to - from) * place;
    svg.append(draw("text", { x: x(at).toFixed(1), y: HEIGHT - 6, "text-anchor": anchor }, label(at, to - from)));
  }
  for (const line of LINES) {
    const steps = points.map((point, n) => `${n ? "L" : "M"}${x(point.at).toFixed(1)} ${y(point[line]).toFixed(1)}`);
    svg.append(draw("path", { class: line, d: steps.join("") }));
  }
  return svg;
}

function label(at, span) {
  const iso = new Date(at).toISOString();
  return span > 86_400_000 ? `${day(iso).slice(5)} ${clock(iso).slice(0, 5)}` : clock(iso);
}

function described(points) {
  const totals = points.map((point) => point.total);
  const [first, last] = [points[0], points.at(-1)];
  return `Profit and loss from ${first.time} to ${last.time}: total ${signed(last.total)} USD now, between ${signed(Math.min(...totals))} and ${signed(Math.max(...totals))}; of trading: realised ${signed(last.realised)}, unrealised ${signed(last.unrealised)}`;
}

// Round numbers around a range, four to six of them, and always one above another.
function steps(low, high) {
  const span = high - low || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
}
