/** Calls in words, for `branchline calls`. */
import { doubtful, faint, good, strong } from "../../base/ink.ts";
import type { RecordedCall, RecordedLeg, RecordedStep } from "../recorded-calls.ts";
import { wrapped } from "./lines.ts";
import { exactSpan, type Reader } from "./times.ts";

/** The callee's own word, or the caller's: nothing that an operator could do. */
const USUAL_FAILURES = [404, 484, 486, 487, 600, 603];
/** Request Terminated (RFC 3261 §21.4.25): the caller has hung up before an answer. */
const CANCELLED = 487;

/** A paragraph: when, of whom and to whom; its way and its end; the rules that decided; what to look for in a trace. */
export function callText(call: RecordedCall, reader: Reader): string {
  const { from, to, origin, legs } = call;
  const rules = new Set(legs.map(({ rule, why }) => `${rule}: ${why}`));
  const callIds = new Set(legs.map(({ call_id }) => call_id));
  const whence = origin === "localnet" ? "" : ` (${origin})`;
  const lines = [
    ...wrapped(`${whenText(call, reader)}  ${strong(from)}${whence} to ${strong(to)}`, reader.width),
    ...wrapped(`  ${wayText(call)}: ${endText(call)}`, reader.width),
    ...wrapped(`  rule ${[...rules].join("; ")}`, reader.width).map(faint),
    ...wrapped(`  Call-ID ${[...callIds].join(" ")}`, reader.width).map(faint),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line for what has just become of a call: whole, however long, so that it can be searched. */
export function changeText(call: RecordedCall, reader: Reader): string {
  const { from, to, call_id } = call;
  const who = `${strong(from)} to ${strong(to)}`;
  return `${whenText(call, reader)}  ${who}  ${wayText(call)}: ${endText(call)}  ${faint(`Call-ID ${call_id}`)}\n`;
}

function whenText({ at }: RecordedCall, reader: Reader): string {
  const { date, time } = reader.local(at);
  return `${date} ${time}`;
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
    if (next !== undefined && leg.given_to !== undefined) words.push(givenText(leg.given_to));
    const isIts = ({ after_ms }: RecordedLeg) =>
      after_ms >= leg.after_ms && (next === undefined || after_ms < next.after_ms);
    const inner = others.filter(isIts);
    const { status } = own[own.length - 1] ?? leg;
    if (inner.length > 0) words.push(inner.map((one) => innerText(one, status)).join(", "));
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
    if (step.what === `answer ${leg.status ?? ""}`) {
      if (typeof step.unasked === "string") return [`answered here (${step.unasked})`];
      // The end of the call says it.
      return steps.length === 1 ? ["answered here"] : [];
    }
    return [stepText(step, steps[index + 1]?.after_ms ?? endOf(leg))];
  });
}

function stepText({ what, after_ms, result, answer, unasked }: RecordedStep, end_ms: number | undefined): string {
  const took = end_ms === undefined ? "" : ` for ${durationText(end_ms - after_ms)}`;
  if (typeof unasked === "string") return `${what} (${unasked})`;
  if (answer !== null) return `${what} (${answer})`;
  if (result === "silent") return `${what} (no answer${took})`;
  if (result === "unreachable") return `${what} (refused or unreachable)`;
  return result === "unanswered" ? `${what} (not taken${took})` : what;
}

/** An INVITE of upstream's within a call of ours. @param last how the call has ended, which is told behind all */
function innerText(leg: RecordedLeg, last: number | null): string {
  const end = leg.status === null || leg.status < 300 || leg.status === last ? "" : `: ${leg.status}`;
  return `${stepsOf(leg, false).join(" > ")}${end}`;
}

function endOf({ after_ms, took_ms }: RecordedLeg): number | undefined {
  return took_ms === null ? undefined : after_ms + took_ms;
}

/** "handed over to node2" */
function givenText(member: string): string {
  return `handed over to ${member === "" ? "another member" : member}`;
}

/** "200 after 4.2 s, up for 3 min 20 s" */
export function endText({ state, status, after_ms, lasted_ms, legs }: RecordedCall): string {
  const cancelled = status === CANCELLED ? ", cancelled by the caller" : "";
  const answer = status === null ? "" : `${inkedStatus(status)} after ${durationText(after_ms ?? 0)}${cancelled}`;
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
    case "given":
      return givenText(legs.flatMap(({ given_to = [] }) => given_to).pop() ?? "");
    case "unknown":
      return answer === "" ? "no final response before a restart of branchline" : `${answer}, its end was not seen`;
    default:
      return answer;
  }
}

function inkedStatus(status: number): string {
  if (status < 300) return good(`${status}`);
  return USUAL_FAILURES.includes(status) ? `${status}` : doubtful(`${status}`);
}

/** "90 ms", "4.2 s"; longer ones as {@link exactSpan}. */
export function durationText(duration_ms: number): string {
  const ms = Math.max(0, Math.round(duration_ms));
  if (ms < 1_000) return `${ms} ms`;
  return ms < 9_950 ? `${Math.round(ms / 100) / 10} s` : exactSpan(ms / 1_000);
}
