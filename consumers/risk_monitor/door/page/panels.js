// The panels that show how everything stands, each from a part of the snapshot.

import { byId, keyed, make, say, show } from "./dom.js";
import * as f from "./format.js";

const GAUGES_MAX = 24;
const OLD_S = 30;

export function renderStatus(status) {
  say(byId("monitor"), status.monitor === "risk-monitor" ? "Risk monitor" : `Risk monitor ${status.monitor}`);
  say(byId("event-time"), status.event_time ? f.moment(status.event_time) : "none yet");
  const unread = status.lag_records ? `, ${f.whole(status.lag_records)} unread` : "";
  say(byId("lag"), f.age(status.lag_s) + unread);
  say(byId("silent"), `${f.age(status.silent_s)} ago`);
  say(byId("slice"), status.slice < 0 ? "none yet" : f.whole(status.slice));
  say(byId("limit-version"), `version ${status.limit_version}`);
  const counts = Object.entries(status.alerts_active);
  say(byId("alerts-count"), f.whole(counts.reduce((sum, [, count]) => sum + count, 0)));
  const some = counts.filter(([, count]) => count).map(([severity, count]) => `${count} ${f.words(severity)}`);
  say(byId("alerts-parts"), some.join(", ") || "no alert is active");
  renderBreaker(status.breaker);
  renderQuality(status);
}

function renderBreaker(breaker) {
  const open = breaker.state === "OPEN";
  byId("breaker").dataset.state = breaker.state;
  say(byId("breaker-state"), open ? "Open" : "Closed");
  say(byId("breaker-act"), open ? "Close breaker" : "Trip breaker");
  const often = breaker.openings_count ? `opened ${f.plural(breaker.openings_count, "time", "times")} so far` : "has never opened";
  say(byId("breaker-note"), open ? `trading must stop: ${breaker.cause}; closes by itself at ${f.moment(breaker.resets_time)}` : often);
}

export function renderPnl(pnl) {
  say(byId("pnl-total"), f.signed(pnl.total));
  say(byId("pnl-parts"), `of trading: realised ${f.signed(pnl.realised)}, unrealised ${f.signed(pnl.unrealised)}`);
  say(byId("pnl-day"), f.signed(pnl.day));
  say(byId("pnl-fees"), `fees paid ${f.usd(pnl.fees)}`);
  say(byId("equity"), f.usd(pnl.equity));
  say(byId("drawdown"), `drawdown ${f.share(pnl.drawdown, 2)} from high water`);
}

export function renderFigures(figures) {
  show(byId("figures"), figures.length > 0);
  keyed(
    byId("figures"),
    figures,
    (one) => one.name,
    (one) => make("div", { className: "card tile" }, [make("h2", { text: one.title }), make("p", { className: "value n" }), make("p", { className: "note n" })]),
    (tile, one) => {
      say(tile.children[1], figure(one));
      say(tile.children[2], one.note);
    },
  );
}

function figure({ value, unit }) {
  if (value === null) return "not known yet";
  if (unit === "USD") return f.usd(value);
  if (unit === "ratio") return f.share(value, 1);
  if (unit === "times") return `${Number(value).toFixed(2)} ×`;
  return `${f.quantity(value)} ${unit}`;
}

export function renderGauges(all) {
  const order = (one) => -Math.round(Number(one.utilisation) * 50);
  const gauges = [...all]
    .sort((a, b) => order(a) - order(b) || (a.rule + a.subject).localeCompare(b.rule + b.subject))
    .slice(0, GAUGES_MAX);
  show(byId("limits-empty"), gauges.length === 0);
  say(byId("limits-empty"), "No limit is watched yet.");
  say(byId("limits-note"), all.length > gauges.length ? `the ${gauges.length} most used, highest first` : "highest first");
  keyed(byId("limits"), gauges, (one) => `${one.rule}/${one.subject}`, gauge, updateGauge);
}

function gauge(one) {
  const label = make("span", { text: `${f.words(one.rule)}: ${one.subject}` });
  const meter = make("div", { className: "meter", role: "meter", "aria-valuemin": "0", "aria-valuemax": "100" }, [make("i")]);
  return make("li", {}, [make("div", { className: "name" }, [label, make("span", { className: "used n" })]), meter]);
}

function updateGauge(element, one) {
  const used = Math.max(0, Number(one.utilisation));
  const [name, meter] = element.children;
  const severity = one.level === "QUIET" ? "" : `${one.level.toLowerCase()} `;
  say(name.lastChild, `${severity}${f.share(one.utilisation)}`);
  meter.setAttribute("aria-label", `${f.words(one.rule)}: ${one.subject}`);
  meter.setAttribute("aria-valuenow", String(Math.round(Math.min(100, used * 100))));
  meter.setAttribute("aria-valuetext", `${severity}${f.share(one.utilisation)} of the limit`);
  meter.firstChild.style.width = `${Math.min(100, used * 100)}%`;
  meter.firstChild.className = one.level;
}

const opened = new Set();

export function renderPositions(positions) {
  show(byId("positions-empty"), positions.length === 0);
  say(byId("positions-empty"), "The firm holds nothing yet.");
  show(byId("positions"), positions.length > 0);
  keyed(byId("positions"), positions, (one) => one.asset, position, updatePosition);
}

function position(one) {
  const toggle = make("button", { type: "button", className: "toggle", "aria-expanded": "false" });
  const body = make("tbody", {}, [make("tr", {}, [make("th", { scope: "row" }, [toggle]), ...cells(4)])]);
  toggle.addEventListener("click", () => {
    if (!opened.delete(one.asset)) opened.add(one.asset);
    updatePosition(body, body.shown);
  });
  return body;
}

const cells = (count) => Array.from({ length: count }, () => make("td", { className: "n" }));

function updatePosition(body, one) {
  body.shown = one;
  const isOpen = opened.has(one.asset);
  const row = body.firstChild;
  const toggle = row.querySelector("button");
  toggle.setAttribute("aria-expanded", String(isOpen));
  toggle.setAttribute("aria-label", `${one.asset}: ${isOpen ? "hide" : "show"} where it is`);
  say(toggle, `${isOpen ? "▾" : "▸"} ${one.asset}`);
  const shown = [f.quantity(one.quantity), one.mark === null ? "no price" : f.price(one.mark), one.value === null ? "–" : f.usd(one.value), f.quantity(one.in_transit)];
  shown.forEach((text, n) => say(row.children[n + 1], text));
  const places = isOpen ? one.places : [];
  keyed(body, places, (place) => `${place.venue}/${place.account}`, () => make("tr", { className: "place" }, [make("td"), ...cells(4)]), (line, place) => {
    say(line.children[0], `${place.venue}, ${place.account}`);
    say(line.children[1], f.quantity(place.quantity));
  });
}

function renderQuality(status) {
  rows("feeds", "No price has come yet.", status.feeds, (one) => one.instrument, (one) => [one.instrument, `${f.price(one.price)}, ${f.age(one.age_s)} old`, one.age_s > OLD_S ? "old" : ""]);
  rows("venues", "No venue has said anything yet.", status.venues, (one) => one.venue, (one) => [one.venue, `${f.words(one.state)} since ${f.clock(one.since_time)}`, one.state === "UP" ? "" : "down"]);
  rows("defects", "Nothing was left out.", Object.entries(status.defects), ([name]) => name, ([name, count]) => [f.words(name), f.whole(count), "old"]);
  const odd = status.undecodable_count ? `, ${f.whole(status.undecodable_count)} undecodable` : "";
  say(byId("quality-note"), `${f.whole(status.events_count)} events${odd}`);
}

function rows(id, none, items, keyOf, shown) {
  show(byId(`${id}-empty`), items.length === 0);
  say(byId(`${id}-empty`), none);
  keyed(byId(id), items, keyOf, () => make("li", {}, [make("span"), make("span", { className: "n" })]), (line, item) => {
    const [name, text, kind] = shown(item);
    say(line.firstChild, name);
    say(line.lastChild, text);
    line.lastChild.className = `n ${kind}`;
  });
}
