/** `branchline doctor`: is this router fit for calls, and what helps? */
import { diagnose, reportText, treat, treatable } from "../setup/doctor/doctor.ts";
import { EXIT_USAGE, EXIT_WORLD } from "./exit.ts";
import { loadFile } from "./load-file.ts";
import { complain, print, printJson } from "./paper.ts";

/** Prints the report, after the cures with `isToFix`; sets the exit status. */
export async function doctor(file: string, asJson: boolean, isToFix: boolean): Promise<void> {
  const config = loadFile(file) ?? process.exit(EXIT_USAGE);
  let report = await diagnose(config, BRANCHLINE_BUILT);
  const say = (line: string) => complain(`${line}\n`);
  const changes = treatable(report.findings);
  if (isToFix && changes.length > 0) {
    if (report.facts.isRoot) {
      await treat(changes, say);
      report = await diagnose(config, BRANCHLINE_BUILT);
    } else say("only root can change that: nothing has been changed");
  }
  const { family, findings } = report;
  if (asJson) printJson({ family, findings });
  else print(reportText(report));
  process.exitCode = findings.some(({ state }) => state === "fault") ? EXIT_WORLD : 0;
}
