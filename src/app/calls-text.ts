/** Calls in words, for `branchline calls`. */
import type { RecordedCall, RecordedLeg, RecordedStep } from "./recorded-calls.ts";

/** @param timeOf a time in ISO 8601 as people of this router read it */
export function callText(call: RecordedCall, timeOf: (iso: string) => string): string {
  const { at, from, to, origin, legs } = call;
  const rules = legs.map(({ rule, why }) => `${rule}: ${why}`);
  const callIds = legs.map(({ call_id }) => call_id);
  const lines = [
    `${timeOf(at)}  ${from} (${origin}) to ${to}`,
    `  ${wayText(call)}: ${endText(call)}`,
    `  rule ${[...new Set(rules)].join("; ")}`,
    `  Call-ID ${[...new Set(callIds)].join(" ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** One line for what has just become of a call. */
export function changeText(call: RecordedCall, timeOf: (iso: string) => string): string {
  const { at, from, to, call_id } = call;
  return `${timeOf(at)}  ${from} to ${to}  ${wayText(call)}: ${endText(call)}  Call-ID ${call_id}\n`;
}

/** "upstream pbx.example.com (no answer for 4 s) > 302 > gateway 10.10.1.3" */
export function wayText({ legs }: Pick<RecordedCall, "legs">): string {
  const [first] = legs;
  const own = legs.filter(({ origin }) => origin === first?.origin);
  const others = legs.filter(({ origin }) => origin !== first?.origin);
  const way: string[] = [];
  for (const [index, leg] of own.entries()) {
    const next = own[index + 1];
    const words = stepsOf(leg, next !== undefined);
    const isIts = ({ after_ms }: RecordedLeg) =>
      after_ms >= leg.after_ms && (next === undefined || after_ms < next.after_ms);
    const inner = others.filter(isIts);
    if (inner.length > 0) words.push(inner.map(innerText).join(", "));
    const end_ms = endOf(leg);
    const last = own[index - 1];
    const isBeside = last !== undefined && leg.after_ms < (endOf(last) ?? Number.POSITIVE_INFINITY);
    if (isBeside) way.push(`${way.pop() ?? ""}, ${words.join(" > ")}`);
    else way.push(...words);
    if (next !== undefined && end_ms !== undefined && next.after_ms >= end_ms) way.push(`${leg.status ?? ""}`);
  }
  return way.length === 0 ? "nowhere" : way.join(" > ");
}

function stepsOf(leg: RecordedLeg, isFollowed: boolean): string[] {
  const { steps } = leg;
  return steps.flatMap((step, index) => {
    // The caller is told 181 meanwhile: that leads nowhere.
    if (step.what === "notice") return [];
    if (isFollowed && step.what.startsWith("redirect to ")) return [];
    return [stepText(step, steps[index + 1]?.after_ms ?? endOf(leg))];
  });
}

function stepText({ what, after_ms, result, answer }: RecordedStep, end_ms: number | undefined): string {
  const took = end_ms === undefined ? "" : ` for ${durationText(end_ms - after_ms)}`;
  if (answer !== null) return `${what} (${answer})`;
  if (result === "silent") return `${what} (no answer${took})`;
  if (result === "unreachable") return `${what} (unreachable)`;
  return result === "unanswered" ? `${what} (not taken${took})` : what;
}

/** An INVITE of upstream's within a call of ours. */
function innerText(leg: RecordedLeg): string {
  const end = leg.status === null || leg.status < 300 ? "" : `: ${leg.status}`;
  return `${stepsOf(leg, false).join(" > ")}${end}`;
}

function endOf({ after_ms, took_ms }: RecordedLeg): number | undefined {
  return took_ms === null ? undefined : after_ms + took_ms;
}

/** "200 after 4.2 s, up for 3 min 20 s" */
export function endText({ state, status, after_ms, lasted_ms }: RecordedCall): string {
  const answer = status === null ? "" : `${status} after ${durationText(after_ms ?? 0)}`;
  const lasted = lasted_ms === null ? "" : durationText(lasted_ms);
  switch (state) {
    case "calling":
      return "no final response yet";
    case "up":
      return `${answer}, up for ${lasted}`;
    case "ended":
      return `${answer}, lasted ${lasted}`;
    case "redirected":
      return `${answer}, not followed`;
    case "unknown":
      return answer === "" ? "no final response before a restart of branchline" : `${answer}, its end was not seen`;
    default:
      return answer;
  }
}

/** "90 ms", "4.2 s", "35 s", "3 min 20 s", "2 h 5 min" */
export function durationText(duration_ms: number): string {
  const ms = Math.max(0, Math.round(duration_ms));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 9_950) return `${Math.round(ms / 100) / 10} s`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  if (s < 3_600) return joined([Math.floor(s / 60), "min"], [s % 60, "s"]);
  const min = Math.round(s / 60);
  if (min < 1_440) return joined([Math.floor(min / 60), "h"], [min % 60, "min"]);
  const h = Math.round(min / 60);
  return joined([Math.floor(h / 24), "d"], [h % 24, "h"]);
}

function joined([count, unit]: [number, string], [rest, small]: [number, string]): string {
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${small}`;
}
