// Numbers and times as people read them. The exact values are in the REST interface.

const money = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
const count = new Intl.NumberFormat("en");

const MINUS = "\u2212";
const minus = (text) => text.replace("-", MINUS);

export const usd = (text) => minus(money.format(Number(text)));
export const cents = (text) => minus(exact.format(Number(text)));
export const signed = (text) => (Number(text) > 0 ? "+" : "") + usd(text);
export const whole = (number) => count.format(number);
export const precise = (text) => minus(fine.format(Number(text)));

export const amount = (text, unit) => (unit === "ratio" ? share(text, 2) : `${precise(text)} ${unit}`);

// A price near one, or of one asset in another, needs more places than cents.
export function price(text) {
  return Math.abs(Number(text)) < 10 ? Number(text).toFixed(5) : cents(text);
}

export function quantity(text) {
  const value = Number(text);
  const places = Math.abs(value) >= 10_000 ? 0 : 4;
  return minus(
    value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places }),
  );
}

export const share = (text, places = 0) => `${minus((Number(text) * 100).toFixed(places))} %`;

export const clock = (iso) => iso.slice(11, 19);
export const day = (iso) => iso.slice(0, 10);
export const moment = (iso) => `${day(iso)} ${clock(iso)}`;

export function age(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

export const words = (name) => name.replaceAll("_", " ").toLowerCase();
export const plural = (number, one, many) => `${whole(number)} ${number === 1 ? one : many}`;
