/** `branchline drill`: chosen phones live through an outage, and what that has shown. */
import * as os from "os";
import { reportPage } from "../app/words/drill-page.ts";
import { drillText, reportsText, reportText } from "../app/words/drill-words.ts";
import { EXIT_USAGE } from "./exit.ts";
import { fail, print, printData, printJson } from "./paper.ts";
import { reader } from "./reader.ts";
import { type Running, show, theRunning } from "./running.ts";
import { seconds } from "./spans.ts";

interface DrillOptions {
  /** "all", or extensions with commas between them. */
  readonly phones: string | undefined;
  /** Such as "10m". */
  readonly time: string;
  readonly stops: boolean;
  /** "last", "all" or a number. */
  readonly report: string | undefined;
  readonly asJson: boolean;
  readonly asPage: boolean;
}

const HOURS_MAX = 4;

/** Why a time of `--for` is refused; undefined: it is fine. */
export function drillTimeFault(time: string): string | undefined {
  const wanted_s = seconds(time);
  const isFine = wanted_s !== undefined && wanted_s <= HOURS_MAX * 3_600;
  return isFine ? undefined : `Must be a time from 1s to ${HOURS_MAX}h, such as 10m.`;
}

export function phonesFault(text: string): string | undefined {
  return /^[\w.+*#-]+(,[\w.+*#-]+)*$/.test(text) ? undefined : "Must be all, or extensions such as 201,202.";
}

export function reportFault(text: string): string | undefined {
  return /^(?:last|all|[1-9]\d{0,8})$/.test(text) ? undefined : "Must be last, all, or the number of a drill.";
}

/** Begins, ends or shows a drill, or prints reports of those that are over. */
export async function drill(file: string, options: DrillOptions): Promise<void> {
  const { phones, stops, report, asPage } = options;
  const wishes = [phones !== undefined, stops, report !== undefined].filter((one) => one).length;
  if (wishes > 1) fail("Only one of --phones, --stop and --report can be meant", EXIT_USAGE);
  if (asPage && !stops && (report === undefined || report === "all"))
    fail("--html prints one report: --report last --html", EXIT_USAGE);
  const running = await theRunning(file);
  if (report === "all") await showAll(running, options);
  else if (report !== undefined || stops) await showReport(running, options);
  else await showRunning(running, options);
}

async function showRunning(running: Running, { phones, time, asJson }: DrillOptions): Promise<void> {
  const chosen = phones === "all" ? phones : phones?.split(",");
  const { drills } = await running.ask(
    chosen === undefined ? { command: "drills" } : { command: "drill", phones: chosen, for_s: seconds(time) ?? 0 },
  );
  if (drills !== undefined) show(drillText(drills, reader()), asJson, drills.running);
}

async function showAll(running: Running, { asJson }: DrillOptions): Promise<void> {
  const { drills } = await running.ask({ command: "drills" });
  if (drills !== undefined) show(reportsText(drills.kept, reader()), asJson, drills.kept);
}

async function showReport(running: Running, { report = "last", stops, asJson, asPage }: DrillOptions): Promise<void> {
  const wanted = report === "last" ? 0 : Number(report);
  const { drills, status } = await running.ask(
    stops ? { command: "end-drill" } : { command: "drills", report: wanted },
  );
  const found = drills?.report;
  if (found === undefined)
    fail(wanted === 0 ? "No drill has been kept" : `Drill ${wanted} isn't kept: branchline drill --report all`);
  if (asPage) printData(reportPage(found, status.version, os.hostname(), reader()));
  else if (asJson) printJson(found);
  else print(reportText(found, reader()));
}
