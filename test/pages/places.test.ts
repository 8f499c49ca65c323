/** `deploy/README.md` says where files are: where `init` writes them, and where the packages have them. */
import { expect, test } from "vitest";
import { placesOf } from "../../src/setup/init/places.ts";
import { restartCommand } from "../../src/setup/start-command.ts";
import { page } from "./pages.ts";

/** A file or folder by which `init` knows a family, in the order of the page's columns. */
const FAMILIES: readonly (readonly [string, readonly string[], string])[] = [
  ["EdgeOS", ["/opt/vyatta", "/config"], "/usr/bin/node"],
  ["Entware", ["/opt/etc"], "/opt/bin/node"],
  ["FreshTomato", ["/opt/etc", "/jffs/branchline/service.sh"], "/jffs/branchline/branchline-static"],
  ["OpenWrt", ["/etc/openwrt_release"], "/usr/bin/node"],
  ["Debian", ["/etc/debian_version"], "/usr/bin/node"],
];

/** The cells of a row of the page's table, without its first one. */
function cells(name: string): string[] {
  const row = page("deploy/README.md")
    .text.split("\n")
    .find((line) => line.startsWith(`| ${name} |`));
  return (row ?? "")
    .split(" | ")
    .slice(1)
    .map((cell) => cell.replace(/[`|]/g, "").trim());
}

const known = FAMILIES.map(([, there, node]) => placesOf(undefined, (path) => there.includes(path), node));

test("the configuration and the state folder of each family", () => {
  expect(cells("configuration")).toEqual(known.map(({ file }) => file));
  const folders = known.map(({ file, state }) => state ?? file.replace(/[^/]*$/, "state"));
  expect(cells("state folder")).toEqual(folders);
});

test("a folder that isn't beside the file is a key, which the page tells to those who write the file by hand", () => {
  const text = page("deploy/README.md").text.replace(/\s+/g, " ");
  // Debian's package makes a link beside the file.
  const others = known.filter(({ state, file }) => state !== undefined && !file.startsWith("/etc/branchline/"));
  expect(others.map(({ state }) => state)).toEqual(["/opt/var/lib/branchline", "/etc/branchline"]);
  for (const { state } of others) expect(text).toContain(`\`state: ${state}\``);
});

test("the command that starts branchline in each family, and with another word the one that restarts it", () => {
  const text = page("deploy/README.md").text.replace(/\s+/g, " ");
  const [, script = ""] = / - EdgeOS: `\$S` is `([^`]+)`\./.exec(text) ?? [];
  const starts = cells("start").map((command) => command.replace("$S", script));
  expect(starts).toEqual(known.map(({ start }) => start));
  const [, debian = ""] =
    /restart branchline, write `restart` in place of `start`; on Debian, run `([^`]+)`/.exec(text) ?? [];
  const restarts = [...starts.slice(0, -1).map((start) => start.replace(/start$/, "restart")), debian];
  const told = known.map(({ file }) => restartCommand(file, () => true));
  expect(restarts.map((command) => command.replace("sudo ", ""))).toEqual(told.map((one) => one?.replace("sudo ", "")));
});
