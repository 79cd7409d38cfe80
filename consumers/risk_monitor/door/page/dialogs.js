// The dialogs: acting on the monitor, and one alert in full. The browser keeps the focus inside an
// open dialog and gives it back; where the element it came from is gone, the alerts have it.

import { byId, make, say, show, titled } from "./dom.js";
import * as f from "./format.js";

let token = "";
let author = "";
let act = null;

export function prepareDialogs() {
  byId("act-cancel").addEventListener("click", () => byId("act").close());
  byId("act").querySelector("form").addEventListener("submit", send);
  byId("detail-close").addEventListener("click", () => byId("detail").close());
  for (const name of ["act", "detail"]) byId(name).addEventListener("close", restoreFocus);
}

function restoreFocus() {
  requestAnimationFrame(() => {
    const now = document.activeElement;
    if (!now || now === document.body || !now.checkVisibility()) byId("alerts-title").focus();
  });
}

export function askToAcknowledge(alert) {
  open({
    title: `Acknowledge ${f.words(alert.rule)} on ${alert.subject}`,
    text: alert.message,
    label: "Note (may be empty)",
    send: "Acknowledge",
    required: false,
    path: `/api/v1/alerts/${alert.alert_id}/acknowledgement`,
    body: (who, words) => ({ author: who, note: words }),
  });
}

export function askForBreaker(isOpen) {
  open({
    title: isOpen ? "Close the circuit breaker" : "Trip the circuit breaker",
    text: isOpen ? "Trading may resume. What still holds will open it again." : "Trading must stop until it closes.",
    label: "Reason",
    send: isOpen ? "Close breaker" : "Trip breaker",
    required: true,
    path: `/api/v1/breaker/${isOpen ? "close" : "trip"}`,
    body: (who, words) => ({ author: who, reason: words }),
  });
}

function open(wanted) {
  // One key for one dialog: sending it twice, on a bad line, is one act.
  act = { ...wanted, key: crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-") };
  say(byId("act-title"), wanted.title);
  say(byId("act-text"), wanted.text);
  say(byId("act-reason-label"), wanted.label);
  say(byId("act-send"), wanted.send);
  byId("act-reason").required = wanted.required;
  byId("act-reason").value = "";
  byId("act-author").value = author;
  byId("act-token").value = token;
  show(byId("act-error"), false);
  byId("act-send").disabled = false;
  byId("act").showModal();
  (author ? byId("act-reason") : byId("act-author")).focus();
}

async function send(event) {
  event.preventDefault();
  if (byId("act-send").disabled) return;
  byId("act-send").disabled = true;
  show(byId("act-error"), false);
  const [who, words, shown] = ["act-author", "act-reason", "act-token"].map((id) => byId(id).value.trim());
  const problem = await post(act, act.body(who, words), shown);
  byId("act-send").disabled = false;
  if (problem === null) {
    [author, token] = [who, shown];
    byId("act").close();
    return;
  }
  say(byId("act-error"), problem);
  show(byId("act-error"), true);
}

async function post({ path, key }, body, shown) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${shown}`, "Idempotency-Key": key },
      body: JSON.stringify(body),
    });
    if (answer.ok) return null;
    return (await answer.json()).detail;
  } catch (error) {
    return `The monitor gave no answer (${error.message}). Sending again is safe.`;
  }
}

export async function showDetail(alertId) {
  const answer = await fetch(`/api/v1/alerts/${alertId}`).catch(() => null);
  const alert = answer?.ok ? await answer.json() : null;
  say(byId("detail-title"), alert ? `${f.words(alert.rule)} on ${alert.subject}` : "This alert cannot be shown now");
  byId("detail-body").replaceChildren(...(alert ? described(alert) : []));
  byId("detail").showModal();
  byId("detail-title").focus();
}

function described(alert) {
  const fields = [
    ["State", `${alert.state.toLowerCase()}, ${alert.severity.toLowerCase()}`],
    ["Measured", f.amount(alert.measured, alert.unit)],
    ["Limit", `${f.amount(alert.limit, alert.unit)}, ${f.share(alert.utilisation, 1)} used`],
    ["Raised", alert.raised_time],
    ["Last told", alert.told_time],
    ["Rule", `${alert.rule}, version ${alert.rule_version}; limits version ${alert.limit_version}`],
    ["Trigger", alert.trigger],
    ["Correlation", alert.correlation_id],
    ["Alert", alert.alert_id],
    ["Inputs", alert.inputs.join(" ")],
  ];
  if (alert.acknowledged) fields.push(["Acknowledged", `by ${alert.acknowledged.author}: ${alert.acknowledged.note || "without a note"}`]);
  const list = make("dl", { className: "fields" });
  for (const [name, text] of fields) list.append(make("dt", { text: name }), make("dd", { className: ["Trigger", "Inputs", "Alert", "Correlation"].includes(name) ? "mono" : "n", text }));
  const life = make("ol", { className: "timeline" });
  for (const one of alert.events) life.append(make("li", {}, [make("time", { className: "n soft", text: f.clock(one.event_time) }), titled(one.severity, f.words(one.event.replace(/([a-z])([A-Z])/g, "$1 $2").replace("Risk Alert ", "")))]));
  return [make("p", { text: alert.message }), list, make("h3", { text: "Its life" }), life];
}
