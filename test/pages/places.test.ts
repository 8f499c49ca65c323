/** `deploy/README.md` says where files are: where `init` writes them, and where the packages have them. */
import { expect, test } from "vitest";
import { placesOf } from "../../src/setup/init/places.ts";
import { page } from "./pages.ts";

/** A file or folder by which `init` knows a family, in the order of the page's columns. */
const FAMILIES: readonly (readonly [string, readonly string[], string])[] = [
  ["EdgeOS", ["/opt/vyatta", "/config"], "/usr/bin/node"],
  ["Entware", ["/opt/etc"], "/opt/bin/node"],
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
    .map((cell) => cell.replace(/[`|\s]/g, ""));
}

test("the configuration and the state folder of each family", () => {
  const known = FAMILIES.map(([, there, node]) => placesOf(undefined, (path) => there.includes(path), node));
  expect(cells("configuration")).toEqual(known.map(({ file }) => file));
  const folders = known.map(({ file, state }) => state ?? file.replace(/[^/]*$/, "state"));
  expect(cells("state folder")).toEqual(folders);
});
