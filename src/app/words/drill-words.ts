/** Drills in words: the one that runs, the list of those that are kept, and a report. */
import { bad, doubtful, good, strong } from "../../base/ink.ts";
import type { DrillPhones } from "../../policy/drilling.ts";
import type { DrillsTold } from "../drill-desk.ts";
import { type DrilledPhone, type DrillReport, type DrillSummary, wait_ms } from "../drill-report.ts";
import type { RunningStatus } from "../status-facts.ts";
import { callText, durationText } from "./calls-words.ts";
import { columns, counted, someOf, wrapped } from "./lines.ts";
import { exactSpan, moment, type Reader } from "./times.ts";

/** Phones that a sentence names. */
const NAMED_MAX = 8;

/** "201 and 202", "all phones". */
export function drilledWords(phones: DrillPhones): string {
  return phones === "all" ? "all phones" : someOf(phones, NAMED_MAX);
}

/** The line of `status` about the drill that runs; none where none does. */
export function drillLines({ drill }: Pick<RunningStatus, "drill">, { width }: Reader): string[] {
  if (drill === undefined) return [];
  const { phones, left_s, calls } = drill;
  const verb = phones !== "all" && phones.length === 1 ? "is" : "are";
  const text = `${doubtful("DRILL")}: ${drilledWords(phones)} ${verb} treated as in an outage for another ${exactSpan(left_s)}, ${counted(calls, "call")} so far; \`branchline drill --stop\` ends it`;
  return wrapped(text, width);
}

/** What `branchline drill` prints: the drill that runs, or that none does, and the last one. */
export function drillText({ running, kept }: DrillsTold, reader: Reader): string {
  if (running !== null) return reportText(running, reader);
  const [last] = kept;
  if (last === undefined) return "No drill runs, and none has been kept.\n";
  return `No drill runs. The last one:\n${reportsText([last], reader)}`;
}

/** A line for each, the newest first. */
export function reportsText(kept: readonly DrillSummary[], reader: Reader): string {
  if (kept.length === 0) return "No drill has been kept.\n";
  const rows = kept.map((one) => {
    const { date, time } = reader.local(one.started);
    const { made, answered, failed } = one.counts;
    const calls = `${counted(made, "call")}, ${answered} answered, ${failed} failed`;
    return [`${one.id}`, `${date} ${time}`, drilledWords(one.phones), `${calls}: ${endWords(one)}`];
  });
  return `${columns(rows, reader.width).join("\n")}\n`;
}

/** The whole report, for a terminal. */
export function reportText(report: DrillReport, reader: Reader): string {
  const { drilled, calls, calls_left_out } = report;
  const lines = [
    ...factsOf(report, reader).map(([name, text]) => `${name}: ${text}`),
    ...(drilled.length === 0 ? [] : ["Phones:"]),
  ].flatMap((line) => wrapped(line, reader.width));
  const rows = drilled.map((one) => [`  ${one.phone}`, phoneWords(one)]);
  const more = calls_left_out === 0 ? [] : [`${counted(calls_left_out, "call")} more had no room here`];
  return `${[...lines, ...columns(rows, reader.width), ...more].join("\n")}\n${calls.map((call) => callText(call, reader)).join("")}`;
}

/** The facts of a report, each with its name: for text and page. The words may be marked (`base/ink.ts`). */
export function factsOf(report: DrillReport, reader: Reader): readonly (readonly [string, string])[] {
  const { id, phones, by, started, ended, planned_s, lasted_s, other_calls } = report;
  const end = ended === null ? "now" : moment(ended, started, reader);
  const { date, time } = reader.local(started);
  return [
    [
      "Drill",
      `${id}, ${strong(drilledWords(phones))}, begun by ${by === "command" ? "a command" : "the file's schedule"}`,
    ],
    ["Time", `${date} ${time} to ${end}, ${exactSpan(lasted_s)} of ${exactSpan(planned_s)}`],
    ["End", endWords(report)],
    ["Calls", countWords(report)],
    ["Other phones", `${counted(other_calls, "call")} meanwhile, by the usual way`],
  ];
}

function endWords({ end, why }: DrillSummary): string {
  if (end === "running") return "it runs";
  if (end === "time") return good(why);
  return end === "stopped" ? why : `${bad(end)}: ${why}`;
}

function countWords({ counts }: DrillSummary): string {
  const { made, answered, not_taken, failed, longest_wait_ms } = counts;
  if (made === 0) return doubtful("none was made");
  const wait = longest_wait_ms === null ? "" : `; the longest wait for a way was ${durationText(longest_wait_ms)}`;
  const failures = failed === 0 ? "none failed" : bad(`${failed} failed`);
  return `${made} made, ${answered} answered, ${not_taken} busy, declined or cancelled, ${failures}${wait}`;
}

/** "2 calls, 3 REGISTERs answered here, 1 sent up". */
export function phoneWords({ calls, registers_here, registers_up, registers_refused }: DrilledPhone): string {
  const made = calls === 0 ? doubtful("no call") : counted(calls, "call");
  const up =
    registers_up === 0 ? [] : [`${counted(registers_up, "REGISTER")} sent up, to keep upstream's registration`];
  const here = registers_here === 0 ? [] : [`${counted(registers_here, "REGISTER")} answered here`];
  const refused = registers_refused === 0 ? [] : [bad(`${registers_refused} that an outage would refuse`)];
  return [made, ...here, ...up, ...refused].join(", ");
}

/** How long a call has waited for its way, for a person. */
export function waitWords(call: Parameters<typeof wait_ms>[0]): string {
  const found_ms = wait_ms(call);
  return found_ms === undefined ? "none found" : durationText(found_ms);
}
