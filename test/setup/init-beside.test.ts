/** `branchline init` on a router where something has the SIP port: a branchline is asked for what it knows, of another program it is told. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { BranchLab } from "./branch-lab.ts";

cleanUpAfterEach();

const LAN = "udp:10.91.20.1:5060";
const GW = "udp:10.91.1.1:5060";
const WAN = "udp:203.0.113.2:5060";
const AUTO = ["--yes", "--hear", "1", "--emergency", "112"];

/** How long init listens for phones, if it does. */
const HEAR_MS = 3_600_000;

interface Site {
  readonly listen?: readonly string[];
  readonly targets?: readonly string[];
  readonly gateways?: readonly string[];
}

/** A branchline that runs on the router with this file, upstream down: it registers the phones itself. */
async function running(lab: BranchLab, { listen, targets, gateways }: Site = {}): Promise<string> {
  const file = join(temporaryFolder(), "running.yaml");
  const site = {
    listen: listen ?? [LAN, GW, WAN],
    localnet: ["10.91.20.0/24"],
    upstream: { targets: targets ?? ["sip:203.0.113.4"], force: "down", hold: "90s" },
    registration: { unknown: "localnet" },
    gateways: gateways ?? ["sip:10.91.1.3"],
  };
  writeFileSync(file, stringify(site));
  await lab.start("run", "-c", file).line(/started version/);
  return file;
}

async function untilRegistered(lab: BranchLab, file: string): Promise<void> {
  while (!(await lab.run("registered", "-c", file)).text.includes("10.91.20.21:5060"));
}

/** A file that `init` writes elsewhere. */
const elsewhere = () => join(temporaryFolder(), "new.yaml");
const office = () => new BranchLab(["lan0", "gw0", "wan0"]).route("default", "wan0");

describeWith(["namespaces", "mounts"], "init beside a branchline that runs", () => {
  test("says so, and takes phones, upstream and gateway from it", async () => {
    const lab = office();
    const from = await running(lab);
    await lab.addPhone("lan0", "201");
    await untilRegistered(lab, from);
    const file = elsewhere();
    const { code, text } = await lab.run("init", "-c", file, ...AUTO);
    expect(code, text).toBe(0);
    expect(text).toContain(
      `branchline runs here already, with ${from}. Taken from it: upstream 203.0.113.4, gateway 10.91.1.3, 1 registered phone.`,
    );
    expect(text).toContain("Not listening on 10.91.20.1: that branchline has port 5060 there.");
    expect(text).toContain("10.91.20.21: 201@pbx.example.com");
    expect(text).not.toContain("Listening for phones");
    expect(parse(readFileSync(file, "utf8"))).toMatchObject({
      listen: [LAN, GW, WAN],
      localnet: ["10.91.20.0/24"],
      upstream: { targets: ["sip:203.0.113.4"] },
      gateways: ["sip:10.91.1.3"],
      hunt_groups: { default: { members: ["201"] } },
    });
  });

  test("transports and ports of its peers are kept; where it doesn't listen, phones are heard", async () => {
    const lab = office();
    await running(lab, {
      listen: ["udp:10.91.20.1:5060", "tcp:203.0.113.2:5060"],
      targets: ["sip:203.0.113.4;transport=tcp"],
      gateways: ["sip:10.91.20.3:5070"],
    });
    const file = elsewhere();
    const { text } = await lab.run("init", "-c", file, ...AUTO, "--localnet", "10.91.20.0/24");
    expect(text).toContain("Listening for phones on 10.91.1.1 for ");
    expect(parse(readFileSync(file, "utf8"))).toMatchObject({
      upstream: { targets: ["sip:203.0.113.4;transport=tcp"] },
      gateways: ["sip:10.91.20.3:5070"],
    });
  });

  test("found by the file that it runs with, though it listens on other ports; the next step is to reload it", async () => {
    const lab = office();
    const file = await running(lab, {
      listen: ["udp:10.91.20.1:5066", "udp:203.0.113.2:5066"],
      gateways: ["sip:10.91.20.3"],
    });
    const args = ["--localnet", "10.91.20.0/24", "--force"];
    const { code, text } = await lab.run("init", "-c", file, ...AUTO, ...args);
    expect(code, text).toBe(0);
    expect(text).toContain(`branchline runs here already, with ${file}.`);
    expect(text).toContain("Listening for phones on 10.91.20.1, 10.91.1.1 for ");
    expect(text).toContain(`  branchline reload -c ${file} `);
  });

  test("no phone is registered there yet, and its file is faulty by now: of several networks none is taken", async () => {
    const lab = office();
    const from = await running(lab);
    writeFileSync(from, "{");
    const { code, text } = await lab.run("init", "-c", elsewhere(), ...AUTO);
    expect(code, text).toBe(2);
    expect(text).toContain(
      `with ${from}. Taken from it: upstream 203.0.113.4, gateway 10.91.1.3, no registered phone.`,
    );
    expect(text).toContain(`warning: the settings of ${from} are not taken over: add them by hand`);
    expect(text).toContain("No phone was seen in 10.91.20.0/24, 10.91.1.0/24.");
  });
});

describeWith(["namespaces", "mounts"], "init beside another program on the SIP port", () => {
  test("says that phones can't be heard there, and hears them elsewhere", async () => {
    const lab = office();
    await SipAgent.open({ host: "10.91.20.1", port: 5060 }, lab.router.name);
    const { code, text } = await lab.run("init", "-c", elsewhere(), ...AUTO);
    expect(code).toBe(2);
    expect(text).toContain("port 5060 on 10.91.20.1 is taken by another program; phones can't be heard there");
    expect(text).toContain("Listening for phones on 10.91.1.1 for ");
    expect(text).not.toContain("branchline runs here");
  });

  test("on all addresses: nothing is listened for, and nothing waited for but answers to OPTIONS", async () => {
    const lab = office();
    await SipAgent.open({ host: "0.0.0.0", port: 5060 }, lab.router.name);
    const began_ms = Date.now();
    const { text } = await lab.run("init", "-c", elsewhere(), "--yes", "--hear", `${HEAR_MS / 1_000}`);
    expect(text).toMatch(/port 5060 on 10\.91\.20\.1 is taken[\s\S]*port 5060 on 10\.91\.1\.1 is taken/);
    expect(text).not.toContain("Listening");
    expect(Date.now() - began_ms).toBeLessThan(HEAR_MS);
  });
});

describeWith(["namespaces", "mounts"], "init and the settings of a branchline that runs", () => {
  const MORE = `emergency: ["112", "110"]
inbound: {order: upstream-first}
extensions: {prefixes: ["0301234"]}
`;

  test("keeps all of them but a forced state in its own file, which --force writes anew, and the old one beside it", async () => {
    const lab = office();
    const file = await running(lab);
    const old = readFileSync(file, "utf8") + MORE;
    writeFileSync(file, old);
    const { code, text } = await lab.run("init", "-c", file, "--yes", "--hear", "0", "--force");
    expect(code, text).toBe(0);
    expect(parse(readFileSync(file, "utf8"))).toEqual(parse(old.replace(/ +force: down\n/, "")));
    expect(text).toContain("are kept, except upstream.force.");
    expect(readFileSync(`${file}.old`, "utf8")).toBe(old);
    expect(text).toContain(`The file before is kept as ${file}.old`);
  });

  test("keeps them where flags answer all questions, and names those that belong to another answer", async () => {
    const lab = office();
    const file = await running(lab);
    writeFileSync(file, readFileSync(file, "utf8") + MORE);
    const flags = ["--localnet", "10.91.20.0/24", "--upstream", "203.0.113.5", "--gateway", "10.91.1.3"];
    const all = [...flags, "--members", "201", "--listen", LAN];
    const { code, text } = await lab.run("init", "-c", file, "--force", ...all);
    expect(code, text).toBe(0);
    expect(text).toContain(`left out of what ${file} says, since your answers differ from it: upstream.hold`);
    expect(parse(readFileSync(file, "utf8"))).toMatchObject({
      upstream: { targets: ["sip:203.0.113.5"] },
      emergency: ["112", "110"],
      inbound: { order: "upstream-first" },
      extensions: { prefixes: ["0301234"] },
    });
  });
});
