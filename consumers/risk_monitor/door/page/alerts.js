// The alerts that are active, and the timeline of what the monitor said.

import { byId, keyed, make, say, show, titled } from "./dom.js";
import * as f from "./format.js";

const ALERTS_MAX = 50;
const TOLD_MAX = 100;

export class Alerts {
  constructor(onAcknowledge, onDetail) {
    this.onAcknowledge = onAcknowledge;
    this.onDetail = onDetail;
    this.told = [];
    this.known = new Set();
  }

  renderActive(alerts, total) {
    const shown = alerts.slice(0, ALERTS_MAX);
    show(byId("alerts-empty"), shown.length === 0);
    say(byId("alerts-empty"), "No alert is active.");
    const focused = byId("alerts").contains(document.activeElement);
    keyed(byId("alerts"), shown, (one) => one.alert_id, (one) => this.#item(one), (element, one) => this.#update(element, one));
    // The alert that had the focus may be over: the focus stays where the alerts are.
    if (focused && !byId("alerts").contains(document.activeElement)) byId("alerts-title").focus();
    show(byId("alerts-more"), total > shown.length);
    say(byId("alerts-more"), `The ${shown.length} worst of ${f.whole(total)} are shown.`);
  }

  #item(one) {
    const acknowledge = make("button", { type: "button", className: "act", text: "Acknowledge" });
    acknowledge.addEventListener("click", () => this.onAcknowledge(acknowledge.alert));
    const detail = make("button", { type: "button", text: "Details" });
    detail.addEventListener("click", () => this.onDetail(one.alert_id));
    const heading = make("p", {}, [make("span", { className: "pill" }), " ", make("span", { className: "what" })]);
    return make("li", {}, [heading, make("p", { className: "message" }), make("p", { className: "meta n" }), make("p", { className: "buttons" }, [detail, acknowledge])]);
  }

  #update(element, one) {
    const [heading, message, meta, buttons] = element.children;
    const name = `${f.words(one.rule)} on ${one.subject}`;
    element.className = one.severity;
    heading.firstChild.className = `pill ${one.severity}`;
    say(heading.firstChild, one.severity);
    say(heading.lastChild, name);
    say(message, one.message);
    const noted = one.acknowledged ? `, acknowledged by ${one.acknowledged.author}` : "";
    say(meta, `since ${f.clock(one.raised_time)}, ${f.share(one.utilisation)} of the limit${noted}`);
    const [detail, acknowledge] = buttons.children;
    detail.setAttribute("aria-label", `Details of ${name}`);
    acknowledge.setAttribute("aria-label", `Acknowledge ${name}`);
    acknowledge.alert = one;
    if (one.acknowledged && document.activeElement === acknowledge) detail.focus();
    show(acknowledge, one.acknowledged === null);
  }

  load(told) {
    this.told = told.slice(0, TOLD_MAX);
    this.known = new Set(this.told.map((one) => one.event_id));
    this.#renderTimeline();
  }

  // What was said just now, the latest first.
  take(told) {
    const fresh = told.filter((one) => !this.known.has(one.event_id));
    this.told = [...fresh, ...this.told].slice(0, TOLD_MAX);
    this.known = new Set(this.told.map((one) => one.event_id));
    this.#renderTimeline();
    announce(fresh);
  }

  #renderTimeline() {
    show(byId("timeline-empty"), this.told.length === 0);
    say(byId("timeline-empty"), "The monitor has said nothing yet.");
    keyed(byId("timeline"), this.told, (one) => one.event_id, entry, () => {});
  }
}

function entry(one) {
  const time = make("time", { className: "n soft", datetime: one.time, text: f.clock(one.time), title: one.time });
  return make("li", {}, [time, titled(one.severity, one.title), make("span", { className: "text", text: one.text })]);
}

// Told to screen readers: the gravest by name, the others by number.
function announce(fresh) {
  const said = fresh.filter((one) => one.severity !== null || one.event.startsWith("CircuitBreaker"));
  if (said.length === 0) return;
  const order = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
  const rank = (one) => (one.severity ? order.indexOf(one.severity) : -1);
  const worst = said.reduce((a, b) => (rank(b) < rank(a) ? b : a));
  const others = said.length > 1 ? `, and ${said.length - 1} more` : "";
  say(byId("announcer"), `${worst.severity ? `${worst.severity.toLowerCase()} alert: ` : ""}${worst.title}${others}`);
}
