// Numbers and states as people read them.

export const STATES = {
  "up-to-date": "up to date",
  "to-make": "to make",
  changed: "changed",
  unfinished: "unfinished",
  "to-restore": "to restore",
  unknown: "payment unknown",
  blocked: "blocked",
  "not-declared": "not in the file",
};

export const UNKNOWN = "unknown";

/** Return `1 take`, `3 takes`. */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Return a place in a piece: `0:07`, `12:30`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return a length of time: `20.0 s`, `6 min 40 s`, `3 h 10 min`. */
export function length(seconds) {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Return a level with its unit, or a dash. */
export function level(value, unit) {
  return value === undefined ? "–" : `${value.toFixed(1)} ${unit}`.replace("-", "−");
}

/** Return an amount of decimal text: `$0.08`. */
export function dollars(text) {
  const [whole, cents = ""] = text.split(".");
  const rest = cents.replace(/0+$/, "");
  return `$${whole}.${rest.padEnd(2, "0")}`;
}

/** Return what one take cost: unknown is never nothing. */
export function price(take) {
  if (take.is_free) return "free";
  return take.price_usd === undefined ? UNKNOWN : dollars(take.price_usd);
}

/** Return a sum of which parts may be unknown. */
export function sum(total) {
  const known = dollars(total.known_usd);
  if (!total.unknown_prices) return known;
  return `${known} + ${total.unknown_prices} ${UNKNOWN}`;
}

/** Return a size: `4.8 MB`. */
export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Return any value of a request as text. */
export function value(found) {
  return typeof found === "string" ? found : found === undefined || found === null ? "–" : JSON.stringify(found);
}

/** Return how a take is called beside others of its job. */
export function takeName(take) {
  const version = take.is_before ? "before" : take.is_earlier ? "earlier" : "";
  return [`take ${take.number}`, take.is_mastered && "mastered", take.roll && `roll ${take.roll}`, version].filter(Boolean).join(", ");
}
