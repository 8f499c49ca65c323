/**
 * `branchline init` on routers where it can't know: it asks, and writes nothing; whom it asks for SIP; and a listen address that isn't on
 * the way to the PBX. The routers where it knows are in init-topologies.test.ts.
 */

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { BranchLab } from "./branch-lab.ts";
import { AUTO, FIVE, GW, LAN, PBX, usual } from "./usual-branch.ts";

cleanUpAfterEach();

const ASKED: readonly (readonly [string, () => Promise<BranchLab>, readonly string[], readonly string[]])[] = [
  [
    "nobody there",
    async () => new BranchLab(FIVE).route("default", "wan0"),
    AUTO,
    [
      "give\n  --localnet NETWORKS     Phones' networks\n      No phone was seen in 10.91.20.0/24, 10.91.1.0/24.",
      "  --upstream URIS|none    PBX\n  --gateway ADDRESS|none  Gateway",
    ],
  ],
  [
    "no terminal",
    async () => new BranchLab(["lan0", "wan0"]),
    ["--hear", "0"],
    ["there is no terminal to ask on: give --localnet, --upstream, --gateway, --members, --listen, or --yes"],
  ],
  [
    "a gateway that doesn't say what it is",
    async () => {
      const lab = new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      await lab.addPhone("lan0", "201");
      return lab.addGateway();
    },
    AUTO,
    ["give\n  --gateway ADDRESS|none  Gateway\n      10.91.1.3: speaks SIP, doesn't say what it is."],
  ],
  [
    "a gateway of which the kernel hasn't heard, and that doesn't say what it is",
    async () => {
      const lab = new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      await lab.addPhone("lan0", "201");
      return lab.addGateway(undefined, false);
    },
    AUTO,
    [
      " addresses of 10.91.20.0/24, 10.91.1.0/24 whether they speak SIP (OPTIONS) …\n",
      "give\n  --gateway ADDRESS|none  Gateway\n      10.91.1.3: speaks SIP, doesn't say what it is.",
    ],
  ],
  [
    "the same in a network larger than /24: its machines aren't asked one by one",
    async () => {
      const lab = new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").knows(`192.0.2.10 ${PBX}`);
      lab.router.ip("address", "flush", "dev", "gw0");
      lab.router.ip("address", "add", "10.91.1.1/23", "dev", "gw0");
      await lab.addPhone("lan0", "201");
      return lab.addGateway(undefined, false);
    },
    AUTO,
    [
      " addresses of 10.91.20.0/24 whether they speak SIP (OPTIONS) …\n",
      "Asking in 10.91.0.0/23 only the machines that this router knows …\n",
      "give\n  --gateway ADDRESS|none  Gateway",
    ],
  ],
  [
    "a gateway that doesn't say what it is, and no phone: its network isn't the phones'",
    async () => new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0").addGateway(),
    AUTO,
    [
      "give\n  --localnet NETWORKS     Phones' networks\n      No phone was seen in 10.91.20.0/24.\n",
      "      Not known to be phones, in 10.91.1.0/24: 10.91.1.3.\n",
      "10.91.1.3: speaks SIP",
    ],
  ],
  [
    "PBX by a name that nothing knows",
    () => usual(new BranchLab(FIVE).route("default", "wan0")),
    AUTO,
    [
      `give\n  --listen ADDRESSES      This router\n      Not known: `,
      PBX,
      `Only if the PBX pbx.example.com is behind the default route: ${LAN}`,
    ],
  ],
  [
    "PBX to which there is no route",
    () => usual(new BranchLab(["lan0", "gw0", "wan0"]).knows(`192.0.2.10 ${PBX}`)),
    AUTO,
    ["give\n  --listen ADDRESSES      This router\n      Not known: this router has no route to 192.0.2.10."],
  ],
];

describeWith(["namespaces", "mounts"], "init on a router that doesn't tell enough", () => {
  test.each(ASKED)("asks, and writes nothing: %s", async (_, build, args, why) => {
    const lab = await build();
    const folder = temporaryFolder();
    const { code, text } = await lab.run("init", "-c", join(folder, "branchline.yaml"), ...args);
    expect(code, text).toBe(2);
    for (const words of why) expect(text).toContain(words);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describeWith(["namespaces", "mounts"], "init asks for SIP", () => {
  test("on LANs, never towards the internet or into a tunnel, whatever --listen names", async () => {
    const lab = new BranchLab(FIVE).route("default", "wan0");
    const near = await lab.listenAt("gw0");
    const far = await Promise.all((["wan0", "wan1", "wg0"] as const).map((cable) => lab.listenAt(cable)));
    const listen = "10.91.1.1 203.0.113.2 198.51.100.2 10.99.0.2";
    const { text } = await lab.run(
      "init",
      "-c",
      join(temporaryFolder(), "branchline.yaml"),
      ...AUTO,
      "--listen",
      listen,
    );
    expect(text).toContain("Asking all 253 addresses of 10.91.1.0/24 whether they speak SIP (OPTIONS) …");
    expect(near).toHaveLength(1);
    expect(near[0]).toMatch(/^OPTIONS sip:10\.91\.1\.3 SIP\/2\.0\r\n/);
    expect(far.flat()).toEqual([]);
  });
});

describeWith(["namespaces", "mounts"], "a listen address that isn't on the way to the PBX", () => {
  const settings = (folder: string, ...listen: readonly string[]) => {
    const file = join(folder, "branchline.yaml");
    const site = { listen, localnet: ["10.91.20.0/24"], upstream: `sip:${PBX}`, gateways: ["sip:10.91.1.3"] };
    writeFileSync(file, stringify(site));
    return file;
  };
  const lab = () => new BranchLab(FIVE).route("default", "wan1").knows(`203.0.113.4 ${PBX}`);
  const WHY = new RegExp(
    `no listen address is on the way to upstream ${PBX} \\(203\\.0\\.113\\.4\\): this router reaches it from 203\\.0\\.113\\.2 on wan0, but requests leave from `,
  );

  test("check hints at it with the cure; not on a router that the file isn't for, nor where listen is right", async () => {
    const branch = lab();
    const folder = temporaryFolder();
    const { code, text } = await branch.run("check", "-c", settings(folder, LAN, GW));
    expect(code).toBe(0);
    expect(text).toMatch(WHY);
    expect(text).toContain("add udp:203.0.113.2:5060 to listen, unless 203.0.113.4 has a route back to ");
    for (const listen of [
      [LAN, GW, "udp:203.0.113.2:5060"],
      [LAN, GW, "udp:wan0:5060"],
      [LAN, "udp:192.168.7.7:5060"],
    ]) {
      expect((await branch.run("check", "-c", settings(folder, ...listen))).text).not.toContain("on the way");
    }
  });

  test("init says so where listen was given", async () => {
    const args = ["--localnet", "10.91.20.0/24", "--upstream", PBX, "--gateway", "10.91.1.3", "--members", "201"];
    const { text } = await lab().run("init", "-c", "-", ...args, "--listen", "10.91.20.1 10.91.1.1");
    expect(text).toMatch(WHY);
  });

  test("run warns of it, and status shows it", async () => {
    const branch = lab();
    const file = settings(temporaryFolder(), LAN, GW);
    const running = branch.start("run", "-c", file);
    expect(await running.line(/way_missing /)).toMatch(
      /upstream=pbx\.example\.com address=203\.0\.113\.4 source=203\.0\.113\.2 sends_from=10\.91\.\S+ cure="add udp:203\.0\.113\.2:5060 to listen, /,
    );
    expect((await branch.run("status", "-c", file)).text.replace(/\s+/g, " ")).toMatch(WHY);
    const { missing_ways } = JSON.parse((await branch.run("status", "--json", "-c", file)).text);
    expect(missing_ways).toMatchObject([{ role: "upstream", peer: PBX, source: "203.0.113.2", device: "wan0" }]);
  });
});
