// Times as Slack writes them, in the reader's own time zone.

const US = "en-US";
const part = (options) => new Intl.DateTimeFormat(US, options);
const TIME = part({ hour: "numeric", minute: "2-digit" });
const TIME_SECS = part({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const SHORT = part({ month: "short", day: "numeric", year: "numeric" });
const LONG = part({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const PLAIN = part({ month: "long", day: "numeric", year: "numeric" });
const DIVIDER = part({ weekday: "long", month: "long", day: "numeric" });
const FULL = part({ dateStyle: "full", timeStyle: "medium" });

export const clock = (seconds) => TIME.format(seconds * 1000);
export const clockSeconds = (seconds) => TIME_SECS.format(seconds * 1000);
export const fullTime = (seconds) => FULL.format(seconds * 1000);
export const dayKey = (seconds) => new Date(seconds * 1000).toDateString();

function daysFromToday(seconds) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(new Date(seconds * 1000)) - midnight(new Date())) / 86_400_000);
}

const NEAR = { "-1": "yesterday", 0: "today", 1: "tomorrow" };

function pretty(seconds, format) {
  return NEAR[daysFromToday(seconds)] ?? format.format(seconds * 1000);
}

export function dayLabel(seconds) {
  const label = pretty(seconds, DIVIDER);
  return label[0].toUpperCase() + label.slice(1);
}

/** "today at 9:41 AM", "November 3, 2026 at 9:41 AM". */
export const lastSeen = (seconds) => `${pretty(seconds, PLAIN)} at ${clock(seconds)}`;

export function ago(seconds) {
  const distance = seconds - Date.now() / 1000;
  const steps = [
    [60, "second", 1],
    [3600, "minute", 60],
    [86_400, "hour", 3600],
    [Infinity, "day", 86_400],
  ];
  const [, unit, size] = steps.find(([limit]) => Math.abs(distance) < limit);
  return new Intl.RelativeTimeFormat(US, { numeric: "auto" }).format(Math.round(distance / size), unit);
}

const pad = (number) => String(number).padStart(2, "0");
const numeric = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
const slashed = (date) => `${pad(date.getMonth() + 1)}/${pad(date.getDate())}/${date.getFullYear()}`;

const TOKENS = {
  date_num: (at) => numeric(new Date(at * 1000)),
  date_slash: (at) => slashed(new Date(at * 1000)),
  date: (at) => PLAIN.format(at * 1000),
  date_pretty: (at) => pretty(at, PLAIN),
  date_short: (at) => SHORT.format(at * 1000),
  date_short_pretty: (at) => pretty(at, SHORT),
  date_long: (at) => LONG.format(at * 1000),
  date_long_pretty: (at) => pretty(at, LONG),
  date_long_full: (at) => LONG.format(at * 1000),
  day_divider_pretty: (at) => pretty(at, DIVIDER),
  time: clock,
  time_secs: clockSeconds,
  ago,
};

/** Slack's `<!date^ts^format|fallback>`: the fallback wherever the format or the time cannot be read. */
export function slackDate(timestamp, format, fallback) {
  const at = Number(timestamp);
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e12 || !format) return fallback || String(timestamp);
  return format.replace(/\{(\w+)\}/g, (whole, token) => (Object.hasOwn(TOKENS, token) ? TOKENS[token](at) : whole));
}
