/** How a branchline that doesn't run is started. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { restartCommand, startCommand } from "../../src/setup/start-command.ts";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test.each([
  ["/etc/branchline/branchline.yaml", "/usr/lib/systemd/system/branchline.service", "systemctl start branchline"],
  ["/etc/branchline.yaml", "/etc/init.d/branchline", "/etc/init.d/branchline start"],
  ["/opt/etc/branchline.yaml", "/opt/etc/init.d/S80branchline", "/opt/etc/init.d/S80branchline start"],
  [
    "/config/branchline/branchline.yaml",
    "/config/scripts/post-config.d/50-branchline",
    "sudo /config/scripts/post-config.d/50-branchline start",
  ],
  [
    "/tmp/mnt/start/branchline/branchline.yaml",
    "/tmp/mnt/start/branchline/service.sh",
    "/tmp/mnt/start/branchline/service.sh start",
  ],
])("the file of a package's service, %s, by the service", (file, sign, start) => {
  expect(startCommand(file, (path) => path === sign)).toBe(start);
  expect(restartCommand(file, (path) => path === sign)).toBe(
    start.replace(/start$|start (?=branchline)/, (word) => `re${word}`),
  );
  expect(restartCommand(file, () => false)).toBeUndefined();
  expect(startCommand(file, () => false)).toBe(`branchline run -c ${file}`);
  expect(startCommand("/tmp/other.yaml", () => true)).toBe("branchline run -c /tmp/other.yaml");
});

test("the packages have these files", () => {
  expect(existsSync(root("deploy/entware/S80branchline"))).toBe(true);
  expect(readFileSync(root("build/release/debian.mjs"), "utf8")).toContain(
    '"usr/lib/systemd/system/branchline.service"',
  );
  expect(readFileSync(root("deploy/openwrt/branchline.init"), "utf8")).toContain("CONFIG=/etc/branchline.yaml");
  expect(readFileSync(root("deploy/entware/S80branchline"), "utf8")).toContain("config=/opt/etc/branchline.yaml");
});
