// The page: loads what is, then follows the stream; comes again when the stream is lost.

import { Alerts } from "./alerts.js";
import { Curve } from "./curve.js";
import { askForBreaker, askToAcknowledge, prepareDialogs, showDetail } from "./dialogs.js";
import { byId, say, show } from "./dom.js";
import { age } from "./format.js";
import { renderFigures, renderGauges, renderPnl, renderPositions, renderStatus } from "./panels.js";

const QUIET_MAX_MS = 5_000;
const AGAIN_MIN_MS = 1_000;
const AGAIN_MAX_MS = 15_000;

const alerts = new Alerts(askToAcknowledge, showDetail);
const curve = new Curve();
let status = null;
let heardAt = performance.now();
let reason = "";
let again = AGAIN_MIN_MS;

function render(snapshot) {
  status = snapshot.status;
  document.body.classList.toggle("acting", status.acting);
  show(byId("watching"), !status.acting);
  renderStatus(status);
  renderPnl(snapshot.pnl);
  renderFigures(snapshot.figures);
  renderPositions(snapshot.positions);
  renderGauges(snapshot.utilisation);
  const total = Object.values(status.alerts_active).reduce((sum, count) => sum + count, 0);
  alerts.renderActive(snapshot.alerts, total);
  if (status.event_time) curve.add(status.event_time, snapshot.pnl);
}

async function get(path) {
  const answer = await fetch(path);
  if (answer.ok) return answer.json();
  throw new Error((await answer.json()).detail);
}

async function load() {
  const [snapshot, told, points] = await Promise.all([
    get("/api/v1/snapshot"),
    get("/api/v1/timeline?limit=100"),
    get(`/api/v1/pnl/history?step=${curve.step}`),
  ]);
  curve.load(curve.step, points);
  alerts.load(told.items);
  render(snapshot);
}

function follow() {
  const stream = new EventSource("/api/v1/stream");
  stream.addEventListener("open", async () => {
    again = AGAIN_MIN_MS;
    heard();
    try {
      await load(); // what was said while nobody listened
      reason = "";
    } catch (error) {
      reason = error.message;
    }
  });
  stream.addEventListener("state", (event) => {
    heard();
    reason = "";
    render(JSON.parse(event.data));
    link();
  });
  stream.addEventListener("told", (event) => {
    heard();
    alerts.take(JSON.parse(event.data));
    refresh();
  });
  stream.addEventListener("unready", (event) => {
    heard();
    reason = JSON.parse(event.data).why;
    link();
  });
  stream.addEventListener("error", () => {
    stream.close();
    heardAt = Math.min(heardAt, performance.now() - QUIET_MAX_MS);
    link();
    setTimeout(follow, again);
    again = Math.min(again * 2, AGAIN_MAX_MS);
  });
}

// After an alert the state is asked for at once, but not more than four times a second.
let refreshing = false;

function refresh() {
  if (refreshing) return;
  refreshing = true;
  setTimeout(async () => {
    refreshing = false;
    await get("/api/v1/snapshot").then(render, () => {});
  }, 250);
}

function heard() {
  heardAt = performance.now();
}

function link() {
  const quiet = performance.now() - heardAt;
  if (quiet >= QUIET_MAX_MS) {
    set("lost", "stream lost", `The monitor has not been heard for ${age(quiet / 1000)}; what is shown is old. Trying again.`);
  } else if (reason) {
    set("stale", "not ready", `The monitor cannot be asked: ${reason}.`);
  } else if (status?.stale) {
    const since = `No record has come for ${age(status.silent_s)}`;
    set("stale", status.event_time ? "data stale" : "no data yet", `${since}${status.event_time ? "; what is shown may be old" : ""}.`);
  } else if (status) {
    set("live", "live", "");
  }
}

function set(state, text, banner) {
  byId("link").dataset.state = byId("banner").dataset.state = state;
  say(byId("link-text"), text);
  tell(banner);
}

let told = "";

function tell(banner) {
  // Said once for each cause, not again for each second that it lasts.
  const cause = banner.replace(/\d[\d.]*/g, "");
  if (cause !== told) say(byId("banner"), banner);
  told = cause;
  show(byId("banner"), banner !== "");
}

prepareDialogs();
byId("breaker-act").addEventListener("click", () => askForBreaker(status.breaker.state === "OPEN"));
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", async () => {
    for (const one of document.querySelectorAll("[data-step]")) one.setAttribute("aria-pressed", String(one === button));
    const points = await get(`/api/v1/pnl/history?step=${button.dataset.step}`).catch(() => []);
    curve.load(button.dataset.step, points);
  });
}
setInterval(link, 1_000);
follow();
