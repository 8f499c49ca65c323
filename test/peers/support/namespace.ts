/** Network namespaces with cables between them; all of them vanish when the test ends. */
import { execFileSync, spawnSync } from "node:child_process";
import { defer } from "./cleanup.ts";
import { nameOfOwn, removeLeftovers } from "./leftovers.ts";
import { pathOf } from "./peers.ts";

let made = 0;

export class Namespace {
  /** As `ip netns` knows it: of this process only. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static create(role: string): Namespace {
    if (made === 0) removeLeftovers();
    made += 1;
    const space = new Namespace(nameOfOwn(made, role));
    ip("netns", "add", space.name);
    defer(() => space.remove());
    space.ip("link", "set", "lo", "up");
    return space;
  }

  /** ip(8) within the namespace. */
  ip(...args: readonly string[]): void {
    ip("-n", this.name, ...args);
  }

  /** An address of its own, without any cable. */
  addAddress(address: string, device = "lo"): void {
    this.ip("address", "add", address, "dev", device);
  }

  /** Lays a cable to `other`: `here` and `there` name its ends, with the address of each. */
  connect(here: readonly [string, string], other: Namespace, there: readonly [string, string]): void {
    const [device, address] = here;
    const [otherDevice, otherAddress] = there;
    this.ip("link", "add", device, "type", "veth", "peer", "name", otherDevice, "netns", other.name);
    this.addAddress(address, device);
    other.addAddress(otherAddress, otherDevice);
    this.ip("link", "set", device, "up");
    other.ip("link", "set", otherDevice, "up");
  }

  /** From now on it is a router. */
  forwards(): void {
    this.execute("sysctl", "-qw", "net.ipv4.ip_forward=1");
  }

  /** The kernel's settings within the namespace. */
  set(...settings: readonly string[]): void {
    this.execute("sysctl", "-qw", ...settings);
  }

  /** ip(8) within the namespace, where it may be that nothing is left to be done. */
  try(...args: readonly string[]): void {
    spawnSync(pathOf("ip"), ["-n", this.name, ...args], { stdio: "ignore" });
  }

  /** nft(8) within the namespace. */
  nft(commands: string): void {
    this.execute("nft", commands);
  }

  /** From now on datagrams that it should forward vanish without a word to anybody. */
  dropForwarded(): void {
    this.nft("add table ip cut; add chain ip cut forwarded { type filter hook forward priority 0; policy drop; }");
  }

  forwardAgain(): void {
    this.nft("delete table ip cut");
  }

  /** What a program within the namespace prints. @throws when it ends with another status than 0 */
  output(program: string, ...args: readonly string[]): string {
    const all = ["netns", "exec", this.name, pathOf(program), ...args];
    return execFileSync(pathOf("ip"), all, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  private execute(program: string, ...args: readonly string[]): void {
    ip("netns", "exec", this.name, pathOf(program), ...args);
  }

  private remove(): void {
    spawnSync(pathOf("ip"), ["netns", "delete", this.name]);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync(pathOf("ip"), args, { stdio: ["ignore", "ignore", "pipe"] });
}
