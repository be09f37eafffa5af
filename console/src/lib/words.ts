/** How things are said on every page: a word, a sign and a colour for each state, times, amounts. */
import type { Certificate, Certification } from "./api.ts";

export type Tone = "good" | "bad" | "doubtful" | "neutral";
export interface Mark {
  sign: string;
  word: string;
  tone: Tone;
}

const mark = (sign: string, word: string, tone: Tone): Mark => ({ sign, word, tone });

const STATUSES: Record<string, Mark> = {
  certified: mark("●", "certified", "good"),
  preliminary: mark("◐", "preliminary", "doubtful"),
  conditional: mark("◐", "conditional", "doubtful"),
  pending: mark("○", "pending", "doubtful"),
  denied: mark("▲", "denied", "bad"),
};

/** What a certificate is worth today. */
export function worth(certificate: Certificate): Mark {
  const said = STATUSES[certificate.status] ?? mark("?", certificate.status, "doubtful");
  if (!certificate.stale) return said;
  const why: Record<string, string> = {
    expired: "expired",
    subject_changed: "subject changed since",
    profile_changed: "profile changed since",
    not_watched: "not watched any more",
  };
  return mark("○", `${said.word}, ${why[certificate.stale] ?? certificate.stale}`, "neutral");
}

const STATES: Record<string, Mark> = {
  queued: mark("…", "waits", "neutral"),
  running: mark("▶", "running", "doubtful"),
  cancelling: mark("■", "cancelling", "doubtful"),
  done: mark("●", "done", "good"),
  failed: mark("▲", "failed", "bad"),
  cancelled: mark("■", "cancelled", "neutral"),
  interrupted: mark("▲", "interrupted", "bad"),
};

export const stateOf = (one: Certification): Mark => STATES[one.state] ?? mark("?", one.state, "doubtful");
export const isOpen = (one: Certification) => ["queued", "running", "cancelling"].includes(one.state);

const VERDICTS: Record<string, Mark> = {
  PASS: mark("✓", "PASS", "good"),
  CONDITIONAL_PASS: mark("✓", "CONDITIONAL PASS", "doubtful"),
  CONDITIONAL_FAIL: mark("✗", "CONDITIONAL FAIL", "bad"),
  FAIL: mark("✗", "FAIL", "bad"),
  WAIVED: mark("–", "WAIVED", "doubtful"),
};

export const verdictOf = (verdict: string): Mark => VERDICTS[verdict] ?? mark("–", verdict.replaceAll("_", " "), "neutral");

const OUTCOMES: Record<string, Mark> = {
  done: mark("●", "done", "good"),
  denied: mark("▲", "denied", "bad"),
  refused: mark("○", "refused", "doubtful"),
};

export const outcomeOf = (outcome: string): Mark => OUTCOMES[outcome] ?? mark("?", outcome, "doubtful");

/** `2026-11-23 09:57:05`, in UTC as the server says it. */
export const moment = (time: string) => time.replace("T", " ").replace(/(\.\d+)?Z$/, "");
export const day = (time: string) => time.slice(0, 10);

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `3 minutes ago`, `in 30 days`. */
export function from(now: number, time: string): string {
  const seconds = Math.round((Date.parse(time) - now) / 1_000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.round(seconds / length), unit);
}

export const perSecond = (per_ks: number) => `${(per_ks / 1_000).toLocaleString("en", { maximumFractionDigits: 1 })}/s`;

/** A time in nanoseconds with three digits that count. */
export function duration(ns: number | null | undefined): string {
  if (ns === null || ns === undefined) return "–";
  const [worth, unit] = ns >= 1e9 ? [1e9, "s"] : ns >= 1e6 ? [1e6, "ms"] : ns >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  return `${Number((ns / worth).toPrecision(3))} ${unit}`;
}
