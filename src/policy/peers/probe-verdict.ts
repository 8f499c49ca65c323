/** Which answers to a probe are a sign of life. */
import type { ProbeVerdict } from "../../proxy/prober.ts";
import type { ProbeSettings, WatchSettings } from "../site.ts";

/** What an answer to a probe shows of a peer that is watched so. */
export function judgeProbe({ deadCodes, probe }: ProbeRules, status: number): ProbeVerdict {
  if (deadCodes.includes(status)) return "failure";
  if (probe.aliveCodes === undefined) return "life";
  if (status < 200) return "wait";
  return probe.aliveCodes.some(({ first, last }) => status >= first && status <= last) ? "life" : "failure";
}

/** Whether both probe alike: plain data, made by the same loader. */
export function isAlike(a: ProbeSettings, b: ProbeSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

type ProbeRules = Pick<WatchSettings, "deadCodes" | "probe">;
