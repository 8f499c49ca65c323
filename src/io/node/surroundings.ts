/** What this host says about its network: interfaces, the kernel's tables, and who has got his address by DHCP. */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";

/** Its complaints are nobody's, and it mustn't take for ever. */
const QUIETLY: ExecFileSyncOptionsWithStringEncoding = {
  encoding: "utf8",
  timeout: 2_000,
  stdio: ["ignore", "pipe", "ignore"],
};

/** Texts as they are, for {@link ../../setup/init/network.ts}; what the host lacks, or keeps from us, is empty. */
export function readSurroundings() {
  const found = tried(() => os.networkInterfaces(), {});
  const addresses = Object.entries(found).flatMap(([name, all = []]) =>
    all.flatMap(({ cidr, internal }) => (cidr === null || internal ? [] : [{ name, cidr }])),
  );
  return {
    addresses,
    routes: textOf("/proc/net/route"),
    isLittleEndian: os.endianness() === "LE",
    neighbours: textOf("/proc/net/arp"),
    table: tried(() => execFileSync("ip", ["-o", "-4", "address"], QUIETLY), ""),
    // Processes come and go: what is gone by now is read as "".
    programs: tried(() => fs.readdirSync("/proc"), [])
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => textOf(`/proc/${pid}/cmdline`).replace(/\0/g, " ")),
  };
}

function textOf(file: string): string {
  return tried(() => fs.readFileSync(file, "utf8"), "");
}

function tried<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
