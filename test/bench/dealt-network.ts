/**
 * Networks of members that all have the proxy's address: what is sent to it is dealt to them one by one, and what they send comes from it.
 *
 * The address is one of loopback, as all of the bench's are. So packets change their destination on their way out, and have it again when they have
 * come; the kernel is told that such addresses may come and go by a cable.
 */
import { execFileSync, spawnSync } from "node:child_process";
import type { Address } from "./addresses.ts";

const EACH = ["route_localnet=1", "accept_local=1", "rp_filter=0"];

export class DealtNetwork {
  /** One for each member, in their order. */
  readonly namespaces: readonly string[];
  private readonly root: string;

  /** @param root the namespace that all others are in; @param hosts of the members */
  constructor(root: string, hosts: readonly string[], address: Address) {
    this.root = root;
    this.namespaces = hosts.map((_host, index) => `${root}m${index + 1}`);
    try {
      set(root, "net.ipv4.ip_forward=1", ...allow("all"));
      for (const [index, host] of hosts.entries()) this.connect(index, host, address);
      const turns = hosts.map((host, index) => `${index} : ${host}`).join(", ");
      nft(
        root,
        "add table ip deal; add chain ip deal packets { type route hook output priority raw; }; " +
          `add rule ip deal packets ${to(address)} ip daddr set numgen inc mod ${hosts.length} map { ${turns} }`,
      );
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  remove(): void {
    spawnSync("ip", ["netns", "exec", this.root, "nft", "delete table ip deal"], { stdio: "ignore" });
    for (const name of this.namespaces) spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
  }

  private connect(index: number, host: string, address: Address): void {
    const { root } = this;
    const name = this.namespaces[index] ?? "";
    const gate = host.replace(/\d+$/, "1");
    const device = `m${index + 1}`;
    ip("netns", "add", name);
    ip("-n", root, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("-n", root, "address", "add", `${gate}/24`, "dev", device);
    ip("-n", root, "link", "set", device, "up");
    set(root, ...allow(device));
    ip("-n", name, "link", "set", "lo", "up");
    // All of loopback is here by itself; the other addresses of it are at the end of the cable.
    ip("-n", name, "address", "flush", "dev", "lo");
    ip("-n", name, "address", "add", `${address.host}/32`, "dev", "lo");
    ip("-n", name, "address", "add", `${host}/24`, "dev", "eth0");
    ip("-n", name, "link", "set", "eth0", "up");
    set(name, ...allow("all"), ...allow("eth0"));
    ip("-n", name, "route", "add", "default", "via", gate);
    ip("-n", name, "route", "add", "127.0.0.0/8", "via", gate);
    nft(
      name,
      "add table ip deal; add chain ip deal packets { type filter hook prerouting priority raw; }; " +
        `add rule ip deal packets ${to({ host, port: address.port })} ip daddr set ${address.host}`,
    );
  }
}

function to({ host, port }: Address): string {
  return `ip daddr ${host} udp dport ${port}`;
}

function allow(device: string): string[] {
  return EACH.map((setting) => `net.ipv4.conf.${device}.${setting}`);
}

function set(namespace: string, ...settings: readonly string[]): void {
  ip("netns", "exec", namespace, "sysctl", "-qw", ...settings);
}

function nft(namespace: string, commands: string): void {
  ip("netns", "exec", namespace, "nft", commands);
}

function ip(...words: readonly string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}
