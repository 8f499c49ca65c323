/** What this host says about its network: interfaces, the kernel's tables, and which interface has its address by DHCP. */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "child_process";
import * as os from "os";
import { readAddresses } from "./interfaces.ts";
import { readText } from "./read-text.ts";

/** Its complaints are nobody's, and it mustn't take for ever. */
const QUIETLY: ExecFileSyncOptionsWithStringEncoding = {
  encoding: "utf8",
  timeout: 2_000,
  stdio: ["ignore", "pipe", "ignore"],
};

/** Texts as they are, for {@link ../../setup/init/network.ts}; what the host lacks, or keeps from us, is empty. */
export function readSurroundings() {
  const addresses = (readAddresses() ?? []).flatMap(({ device, cidr }) =>
    cidr === null ? [] : [{ name: device, cidr }],
  );
  return {
    addresses,
    routes: textOf("/proc/net/route"),
    isLittleEndian: os.endianness() === "LE",
    neighbours: textOf("/proc/net/arp"),
    table: addressTable(),
    // Processes come and go: what is gone by now is read as "".
    programs: textOf("/proc")
      .split("\n")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => textOf(`/proc/${pid}/cmdline`).replace(/\0/g, " ")),
  };
}

function textOf(file: string): string {
  return readText(file) ?? "";
}

function addressTable(): string {
  try {
    return execFileSync("ip", ["-o", "-4", "address"], QUIETLY);
  } catch {
    return "";
  }
}
