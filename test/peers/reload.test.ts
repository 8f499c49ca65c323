/** The running bundle reads its file anew: by `branchline reload` and by SIGHUP, with each kind of change. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { CONTROL_FILE } from "../../src/app/config/config.ts";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { type Certificate, CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { describeWith } from "./support/peers.ts";

const net = new Subnet(63);

cleanUpAfterEach();

/** Of a pair. */
const FOLDER = mkdtempSync(join(tmpdir(), "branchline-reload-"));
const SECRET = join(FOLDER, "secret");
writeFileSync(SECRET, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
afterAll(() => rmSync(FOLDER, { recursive: true }));

const FILE = {
  listen: [`udp:${hostPort(net.at(1))}`],
  localnet: [net.network(16)],
  upstream: { targets: [`sip:${hostPort(net.at(2))}`] },
  gateways: [`sip:${hostPort(net.at(3))}`],
};

function write({ file }: Branchline, settings: object): void {
  writeFileSync(file, stringify(settings));
}

/** What each key of the file may become while branchline runs. */
const LIVE = {
  names: ["branch.example.com"],
  localnet: [net.network(16), "192.0.2.0/24"],
  upstream: { ...FILE.upstream, fr_timer: "2s" },
  registration: { mode: "contact" },
  extensions: { aliases: { 301: "201" } },
  gateways: [`sip:${hostPort(net.at(4))}`],
  gateway_choice: "round-robin",
  gateway_probe: { interval: "20s" },
  carriers: { one: { prefixes: ["0"], gateways: [hostPort(net.at(3))] } },
  max_call: "1h",
  emergency: { numbers: ["112"] },
  drill: { phones: ["201"], at: "Sun 05:00" },
  survival: { answer: 380 },
  inbound: { order: "upstream-first" },
  hunt_groups: { default: { members: ["201"] } },
  outage_answers: { SUBSCRIBE: 503 },
  strangers: "reject",
  limits: "none",
  server_header: "branchline-01",
  state: { interval: "1m" },
  dns: { servers: ["127.0.0.53"] },
  log: "debug",
} as const;
/** What needs a restart, by the name that the refusal has. */
const LASTING = {
  listen: { listen: [`udp:${hostPort(net.at(5))}`] },
  "state.folder": { state: { folder: "elsewhere" } },
  http: { http: { listen: net.host(1) } },
  journal: { journal: "off" },
  events: { events: "events.jsonl" },
  hooks: { hooks: [{ run: "tell.sh" }] },
  records: { records: "calls.csv" },
  hep: { hep: net.host(8) },
  cluster: {
    cluster: {
      name: "left",
      members: { left: net.host(6), right: net.host(7) },
      secret: SECRET,
      shared: [net.host(1)],
    },
  },
} as const;

test("reload: each key of the file has a case here", () => {
  // What a file includes counts by its own keys.
  const cases = [
    ...Object.keys(LIVE),
    ...Object.values(LASTING).flatMap((change) => Object.keys(change)),
    "tls",
    "include",
  ];
  expect([...new Set(cases)].sort()).toEqual(keysBelow(KEYS, "").sort());
});

test("reload: a change of any live key is taken over and named, by SIGHUP and by the command", async () => {
  const branchline = await Branchline.start(FILE);
  for (const [key, value] of Object.entries(LIVE)) {
    const line = await branchline.reload({ ...FILE, [key]: value });
    expect(line, key).toMatch(new RegExp(`<6>reloaded .*changed="?${key}\\b`));
    write(branchline, FILE);
    const taken = /^Now active: (.*)\n$/.exec(await branchline.command("reload"))?.[1]?.split(", ") ?? [];
    expect(taken.map((path) => path.split(".")[0]).filter((head) => head !== key)).toEqual([]);
    expect(taken.length, key).toBeGreaterThan(0);
  }
  expect(await branchline.command("reload")).toBe("Nothing has changed.\n");
}, 90_000);

describeWith(["openssl", "TLS"], "tls", () => {
  test("reload: another certificate is taken over and named, by SIGHUP and by the command", async () => {
    const authority = new CertificateAuthority();
    const [first, second] = ["one", "other"].map((name) => authority.issue(name, `IP:${net.host(1)}`));
    const secure = { ...FILE, listen: [...FILE.listen, `tls:${hostPort(net.at(1, 5061))}`] };
    const branchline = await Branchline.start({ ...secure, tls: first as Certificate });
    const line = await branchline.reload({ ...secure, tls: second as Certificate });
    expect(line).toMatch(/<6>reloaded .*changed="?tls\.certificate,tls\.key/);
    write(branchline, { ...secure, tls: first });
    expect(await branchline.command("reload")).toBe("Now active: tls.certificate, tls.key\n");
  });
});

test("reload: a change of a key that needs a restart is refused by name, by SIGHUP and by the command", async () => {
  const branchline = await Branchline.start(FILE);
  branchline.forgive(/reload_refused /);
  for (const [name, change] of Object.entries(LASTING)) {
    const why = `${name} has changed: that needs a restart`;
    expect(await branchline.reload({ ...FILE, strangers: "reject", ...change })).toContain(why);
    // With another state folder it is still found.
    await expect(branchline.command("reload"), name).rejects.toMatchObject({
      code: 1,
      stderr: `${why}\nReload refused: the old configuration stays active.\n`,
    });
  }
  write(branchline, FILE);
  expect(await branchline.command("reload")).toBe("Nothing has changed.\n");
});

test("reload: the command names all that it has taken over", async () => {
  const branchline = await Branchline.start(FILE);
  write(branchline, { ...FILE, log: "debug", upstream: LIVE.upstream });
  expect(await branchline.command("reload")).toBe("Now active: log, upstream.fr_timer\n");
});

test("reload: nobody runs, or the file has faults: it says so, and fails", async () => {
  const branchline = await Branchline.start(FILE);
  write(branchline, { ...FILE, strangers: "welcome" });
  branchline.forgive(/reload_refused /);
  await expect(branchline.command("reload")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/:\d+:\d+: strangers .*\nReload refused: the old configuration stays active\.\n$/s),
  });
  await expect(branchline.command("reload", "--json")).rejects.toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/"is_done": false,\n {2}"reason": "faulty_file"/),
  });
  write(branchline, FILE);
  await branchline.stop();
  await expect(branchline.command("reload")).rejects.toMatchObject({ code: 1 });
});

test("reload: what another program says that listens in a folder of its own does nothing to the terminal", async () => {
  const branchline = await Branchline.start(FILE);
  await branchline.stop();
  const reload = { is_done: false, reason: "needs_restart", keys: [], faults: ["\u001b[2J gone"] };
  const folder = mkdtempSync(join(tmpdir(), "not-branchline-"));
  const other = createServer((socket) => {
    socket.on("data", (line) => {
      const isReload = line.toString().includes("reload");
      socket.end(
        `${JSON.stringify({ ok: true, ...(isReload ? { reload } : { status: { file: branchline.file } }) })}\n`,
      );
    });
  });
  await new Promise<void>((resolve) => other.listen(join(folder, CONTROL_FILE), resolve));
  try {
    await expect(branchline.command("reload")).rejects.toMatchObject({
      code: 1,
      stderr: "?[2J gone\nReload refused: the old configuration stays active.\n",
    });
  } finally {
    other.close();
    rmSync(folder, { recursive: true });
  }
});
