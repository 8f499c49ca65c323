/** EdgeOS has an old systemd. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Those of systemd 232 that we use. It ignores others, and says so in the log at each boot. */
const KNOWN =
  `Unit.Description Unit.After Unit.StartLimitIntervalSec Service.Type Service.EnvironmentFile Service.ExecStart
  Service.ExecReload Service.SyslogIdentifier Service.Restart Service.RestartSec Service.RestartPreventExitStatus
  Service.TimeoutStopSec Service.NoNewPrivileges Service.ProtectSystem Service.PrivateTmp`.split(/\s+/);

test("the unit has nothing that is newer than systemd 232, and waits for the router's own configuration", () => {
  const unit = readFileSync(`${ROOT}deploy/edgeos/branchline.service`, "utf8");
  let section = "";
  const used: string[] = [];
  for (const line of unit.split("\n").filter((each) => each !== "" && !each.startsWith("#"))) {
    const header = /^\[(\w+)\]$/.exec(line);
    if (header !== null) section = header[1] ?? "";
    else used.push(`${section}.${line.slice(0, line.indexOf("="))}`);
  }
  expect(used.filter((name) => !KNOWN.includes(name))).toEqual([]);
  expect(unit).toMatch(/^After=.*\bvyatta-router\.service$/m);
});
