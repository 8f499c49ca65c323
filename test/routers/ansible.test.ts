/**
 * The Ansible role against three branches: Debians that boot, each in a network namespace of its own, reached by ssh. sshd is started within the
 * machine's namespaces for each connection, and speaks through ssh's ProxyCommand.
 */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless, pathOf } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { debOf } from "./support/deb.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VERSION = (JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string }).version;
const NAMES = ["berlin", "hamburg", "koeln"] as const;
const CONFIG = `include: [common.yaml, sites/\${SITE}.yaml]
listen: [udp:\${LAN_ADDRESS}:5060]
localnet: [\${LAN}]
`;
const SITE = `gateways: [{uri: sip:\${GATEWAY}, channels: 4}]\n`;
const COMMON = `upstream: {targets: [sip:10.224.0.1], may_dial_out: false}
emergency: ["112"]
hunt_groups: {default: {members: ["201"]}}
`;

vi.setConfig({ testTimeout: 1_200_000 });
cleanUpAfterEach();

function whyNot(): readonly string[] {
  const programs = ["ansible-playbook", "ssh", "sshd", "ssh-keygen"];
  const found = (name: string) => {
    try {
      execFileSync("sh", ["-c", `command -v ${name}`], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
      return true;
    } catch {
      return false;
    }
  };
  return [...whyNoSystemd(), ...programs.filter((name) => !found(name)).map((name) => `${name} is not installed`)];
}

interface Fleet {
  readonly folder: string;
  readonly machines: readonly SystemdMachine[];
  /** Plays a playbook, and tells its words and what it has changed by host. */
  readonly play: (
    name: string,
    ...extra: string[]
  ) => Promise<{ status: number; text: string; changed: Readonly<Record<string, string>> }>;
  readonly write: (name: string, text: string) => void;
}

async function fleet(): Promise<Fleet> {
  const folder = temporaryFolder();
  cpSync(join(ROOT, "deploy/ansible"), folder, { recursive: true });
  const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, "files"));
  mkdirSync(join(folder, "sites"));
  write(`files/branchline_${VERSION}_all.deb`, (await debOf(VERSION)).contents);
  write("branchline.yaml", CONFIG);
  write("common.yaml", COMMON);
  for (const name of NAMES) write(`sites/${name}.yaml`, SITE);
  for (const key of ["host", "user"]) {
    execFileSync(pathOf("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, key)]);
  }
  const machines = await Promise.all(
    NAMES.map(async (name, index) => {
      const space = Namespace.create(name);
      space.addAddress(`10.224.${index + 1}.1/24`);
      const machine = await SystemdMachine.boot(space);
      await machine.run("mkdir", "-p", "/run/sshd");
      machine.write("/run/sshd/host", readFileSync(join(folder, "host")));
      machine.write("/run/sshd/keys", readFileSync(join(folder, "user.pub")));
      await machine.run("chmod", "600", "/run/sshd/host");
      return machine;
    }),
  );
  const server =
    "/usr/sbin/sshd -i -f /dev/null -h /run/sshd/host -o AuthorizedKeysFile=/run/sshd/keys -o StrictModes=no -o UsePAM=no -o PermitRootLogin=yes -o Subsystem='sftp internal-sftp'";
  const options = `-F /dev/null -i ${join(folder, "user")} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
  const hosts = NAMES.map((name, index) => {
    const inside = `nsenter -t ${machines[index]?.pid} -a ${server}`;
    write(`enter-${name}`, `#!/bin/sh\nexec ${inside}\n`);
    execFileSync("chmod", ["755", join(folder, `enter-${name}`)]);
    const net = `10.224.${index + 1}`;
    const variables = {
      LAN_ADDRESS: `${net}.1`,
      LAN: `${net}.0/24`,
      GATEWAY: `${net}.3`,
      SITE: name,
      NOTE: 'a: "b" # {c}',
    };
    const reach = `-o ProxyCommand=${join(folder, `enter-${name}`)} ${options}`;
    return [name, { ansible_ssh_common_args: reach, branchline_variables: variables }] as const;
  });
  const vars = {
    ansible_user: "root",
    ansible_python_interpreter: "/usr/bin/python3",
    branchline_package: `files/branchline_${VERSION}_all.deb`,
    branchline_includes: ["common.yaml", "sites/{{ inventory_hostname }}.yaml"],
  };
  write("inventory.yml", stringify({ branches: { vars, hosts: Object.fromEntries(hosts) } }));
  const play: Fleet["play"] = (name, ...extra) =>
    new Promise((resolve) => {
      const env = {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: folder,
        LC_ALL: "C.UTF-8",
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_PIPELINING: "1",
        // What the first play has found out of a machine holds for the others.
        ANSIBLE_GATHERING: "smart",
        ANSIBLE_CACHE_PLUGIN: "jsonfile",
        ANSIBLE_CACHE_PLUGIN_CONNECTION: join(folder, "facts"),
      };
      const words = ["-i", "inventory.yml", name, ...extra];
      execFile("/usr/bin/ansible-playbook", words, { cwd: folder, env, maxBuffer: 1e8 }, (error, out, err) => {
        const recap = [...out.matchAll(/^(\w+)\s+: ok=\d+\s+changed=(\d+)/gm)];
        const changed = Object.fromEntries(recap.map(([, host = "", count = ""]) => [host, count]));
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), text: out + err, changed });
      });
    });
  return { folder, machines, play, write };
}

describeUnless(whyNot(), "the Ansible role", () => {
  test("installs, configures and starts all branches; again it changes nothing; a fault changes nothing; readiness is one table", async () => {
    const { machines, play, write } = await fleet();
    const outside = await play(
      "site.yml",
      "--limit",
      "berlin",
      "-e",
      '{"branchline_includes": ["sites/../../common.yaml"]}',
    );
    expect(outside.status).not.toBe(0);
    expect(outside.text).toContain("sites/../../common.yaml: write the path from the folder of branchline_config");
    expect(outside.changed).toEqual({ berlin: "0" });

    const first = await play("site.yml");
    expect(first.status, first.text).toBe(0);
    for (const [index, machine] of machines.entries()) {
      const status = JSON.parse(await machine.run("branchline", "status", "--json"));
      expect(status).toMatchObject({
        file_on_disk: { state: "same" },
        listen: [{ address: `10.224.${index + 1}.1` }],
        gateways: [{ name: `10.224.${index + 1}.3` }],
      });
    }

    const second = await play("site.yml");
    expect(second.status, second.text).toBe(0);
    expect(second.changed).toEqual({ berlin: "0", hamburg: "0", koeln: "0" });

    write("common.yaml", `${COMMON}log: debug\n`);
    const third = await play("site.yml", "--limit", "berlin,hamburg");
    expect(third.status, third.text).toBe(0);
    expect(third.text).toMatch(/Reload what can be reloaded[\s\S]*changed: \[berlin\]/);
    expect((await play("site.yml", "--limit", "berlin")).changed).toEqual({ berlin: "0" });

    // Where that has been played, and where it hasn't.
    write("common.yaml", `${COMMON}log: loud\n`);
    const faulty = await play("site.yml", "--limit", "berlin,koeln");
    expect(faulty.status).not.toBe(0);
    expect(faulty.text).toContain("/etc/branchline/common.yaml:4:6: log must be one of");
    for (const [index, machine] of machines.entries()) {
      const before = NAMES[index] === "koeln" ? COMMON : `${COMMON}log: debug\n`;
      expect(await machine.run("cat", "/etc/branchline/common.yaml")).toBe(before);
      expect(await machine.run("sh", "-c", "ls /etc/branchline")).not.toContain("~");
      expect(JSON.parse(await machine.run("branchline", "status", "--json")).file_on_disk.state).toBe("same");
    }

    await machines[2]?.run("systemctl", "stop", "branchline");
    const table = await play("readiness.yml");
    expect(table.text).toMatch(/"berlin +\S/);
    expect(table.text).toMatch(/"hamburg +\S/);
    expect(table.text).toMatch(/"koeln +not running/);
    expect(table.changed).toEqual({ berlin: "0", hamburg: "0", koeln: "0" });
  });
});
