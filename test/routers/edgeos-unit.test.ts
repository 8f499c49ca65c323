/** The units: EdgeOS has an old systemd, and this machine's finds no fault with any. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Those of systemd 232 that we use. It ignores others, and says so in the log at each boot. */
const KNOWN =
  `Unit.Description Unit.After Unit.StartLimitIntervalSec Service.Type Service.EnvironmentFile Service.ExecStart
  Service.ExecReload Service.SyslogIdentifier Service.Restart Service.RestartSec Service.RestartPreventExitStatus
  Service.NotifyAccess Service.WatchdogSec Service.TimeoutStartSec
  Service.TimeoutStopSec Service.NoNewPrivileges Service.ProtectSystem Service.PrivateTmp`.split(/\s+/);

cleanUpAfterEach();

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

describeWith(["systemd-analyze"], "systemd-analyze", () => {
  test.each(["debian", "edgeos"])("finds nothing to say of the unit for %s", (family) => {
    const unit = readFileSync(`${ROOT}deploy/${family}/branchline.service`, "utf8");
    const file = join(temporaryFolder(), "branchline.service");
    // The programs are on routers.
    writeFileSync(file, unit.replace(/^(Exec\w+=)\/(?:usr|config)\/\S+/gm, "$1/bin/true"));
    const { stdout, stderr } = spawnSync(pathOf("systemd-analyze"), ["verify", "--man=no", file], { encoding: "utf8" });
    expect(stdout + stderr).toBe("");
  });
});
