/** `branchline doctor`: is this router fit for calls, and what helps? */
import * as path from "path";
import { isSame } from "../io/node/state-lock.ts";
import { tlsFault } from "../io/node/tls-faults.ts";
import { CHECKS } from "../setup/doctor/checks.ts";
import { diagnose, treat, treatable } from "../setup/doctor/doctor.ts";
import { reportData, reportText } from "../setup/doctor/report.ts";
import { EXIT_DONE, EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { faultLine, readConfig } from "./load-file.ts";
import { MONITOR_SOCKET } from "./monitor-socket.ts";
import { complain, print, printJson, width } from "./paper.ts";

/** What the command line says. */
export interface DoctorOptions {
  readonly config: string;
  readonly json: boolean;
  readonly fix: boolean;
  readonly verbose: boolean;
  /** Names of checks, separated by commas; undefined: all. */
  readonly only?: string;
}

const ALL = Object.keys(CHECKS);

const namesIn = (only: string) => only.split(",").map((name) => name.trim());

/** Why a list of checks is refused; undefined when each is one. */
export function checksFault(only: string): string | undefined {
  const unknown = namesIn(only).filter((name) => !ALL.includes(name));
  if (unknown.length === 0) return undefined;
  return `There is no check ${unknown.join(", ")}. The checks are ${ALL.join(", ")}.`;
}

/** Prints the report, after the cures with `fix`; sets the exit status. */
export async function doctor({ config: file, json, fix, verbose, only }: DoctorOptions): Promise<void> {
  const names = only === undefined ? ALL : namesIn(only);
  const isRoot = process.getuid?.() === 0;
  const faultOf: typeof tlsFault = (files) => {
    const found = tlsFault(files);
    // A key that only root reads is as it should be.
    return !isRoot && found?.message.includes("EACCES") === true ? undefined : found;
  };
  const { partial: config, faults } = readConfig(file, { faultOf });
  const fileFaults = faults.map((fault) => faultLine(file, fault));
  const whole = path.resolve(file);
  const patient = {
    file: whole,
    isFile: (other: string) => isSame(other, whole),
    monitorSocket: MONITOR_SOCKET,
    config,
    fileFaults,
    built: BRANCHLINE_BUILT,
  };
  let diagnosis = await diagnose(patient, names);
  const changes = treatable(diagnosis.findings);
  if (fix) {
    const say = (line: string) => complain(`${line}\n`);
    if (changes.length === 0) say("doctor has found nothing that --fix changes");
    else if (fileFaults.length > 0) say("The configuration has faults: nothing has been changed");
    else if (!isRoot) say("Permission denied, nothing has been changed: run with sudo");
    else {
      await treat(changes, say);
      diagnosis = await diagnose(patient, names);
    }
  }
  const style = { width_columns: width(), isVerbose: verbose || only !== undefined };
  if (json) printJson(reportData(diagnosis));
  else print(reportText(diagnosis, style));
  const isWell = diagnosis.findings.every(({ severity }) => severity !== "fault");
  process.exitCode = fileFaults.length > 0 ? EXIT_USAGE : isWell ? EXIT_DONE : EXIT_WORLD;
}
