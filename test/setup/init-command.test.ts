/** `branchline init` as it is typed: with flags, at a terminal, hearing phones; and then the branch works. */
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { Branchline } from "../peers/support/branchline.ts";
import { CertificateAuthority } from "../peers/support/certificates.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { OutgoingCall } from "../peers/support/outgoing-call.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { newBranch, newToken, requestText } from "../sip/build.ts";

const net = new Subnet(82);
const proxy = net.at(1);
const SITE = [
  ...["--localnet", net.network(16), "--listen", hostPort(proxy), "--upstream", hostPort(net.at(2))],
  ...["--gateway", net.host(3), "--members", "201 202"],
];

cleanUpAfterEach();

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const branchline = (...args: readonly string[]) => branchlineWith({}, ...args);

async function branchlineWith(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Said> {
  const env = { ...process.env, ...environment };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [Branchline.bundle, ...args], { env })) };
  } catch (error) {
    return error as Said;
  }
}

function registerOf(phone: SipAgent, domain: string): string {
  const user = `<sip:201@${domain}>`;
  const ids = { callId: newToken(), cseq: 1, branch: newBranch() };
  return requestText(phone.sentBy, {
    method: "REGISTER",
    uri: `sip:${domain}`,
    from: `${user};tag=1`,
    to: user,
    ...ids,
  });
}

describe("init with flags", () => {
  test("writes the file, says what it does, and what to set on phones; phones says that again", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "etc", "branchline.yaml");
    const { code, stdout } = await branchline("init", "-c", file, ...SITE);
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(folder, "etc"))).toEqual(["branchline.yaml"]);
    const check = await branchline("check", "-c", file);
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Serves the phones in ${net.network(16)}.`),
    });
    const phones = await branchline("phones", "-c", file);
    expect(phones.stdout).toContain(`P48=${hostPort(proxy)}`);
    const [does] = check.stdout.split("\nOK: ");
    expect(stdout).toBe(`${file} is written.\n\n${does}\n${phones.stdout}`);
  });

  test.each(["check", "init"])(
    "%s hints at an interface that isn't there, and takes it all the same",
    async (command) => {
      const file = join(temporaryFolder(), "branchline.yaml");
      const args = [...SITE, "--listen", `${hostPort(proxy)} udp:loo:5060`];
      const written = await branchline("init", "-c", file, ...args);
      const { code, stderr } = command === "init" ? written : await branchline(command, "-c", file);
      expect(code).toBe(0);
      expect(stderr).toMatch(/branchline\.yaml:4:\d+: hint: listen\[1\] names loo, .*; did you mean lo\?\n/);
    },
  );

  test("without a gateway, its last word is that no call would survive", async () => {
    const file = join(temporaryFolder(), "branchline.yaml");
    const { stdout } = await branchline("init", "-c", file, ...SITE, "--gateway", "none");
    expect(stdout).toMatch(/\nNo gateway is named yet: no call would survive an outage\. Add gateways: .*\n$/);
  });

  test("writes the file that the package's service reads, as all other commands mean it", async () => {
    const file = join(temporaryFolder(), "service.yaml");
    expect(await branchlineWith({ BRANCHLINE_CONFIG: file }, "init", ...SITE)).toMatchObject({ code: 0 });
    expect(await branchlineWith({ BRANCHLINE_CONFIG: file }, "check")).toMatchObject({ code: 0 });
  });

  test("never writes over a file, but with --force", async () => {
    const file = join(temporaryFolder(), "branchline.yaml");
    writeFileSync(file, "mine");
    expect(await branchline("init", "-c", file, ...SITE)).toMatchObject({ code: 2, stdout: "" });
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(await branchline("init", "-c", file, "--force", ...SITE)).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toContain("localnet");
  });

  test("- is standard output, and nothing else goes there", async () => {
    const { stdout, stderr } = await branchline("init", "-c", "-", ...SITE);
    const file = join(temporaryFolder(), "branchline.yaml");
    writeFileSync(file, stdout);
    expect(stderr).toContain((await branchline("check", "-c", file)).stdout.split("\nOK: ")[0]);
  });

  test.each([
    [
      "what is missing is named",
      SITE.slice(0, 4),
      "there is no terminal to ask on: give --upstream, --gateway, --members,",
    ],
    [
      "what is wrong is explained",
      [...SITE, "--gateway", "gw.example.com"],
      '--gateway: "sip:gw.example.com" must name',
    ],
    [
      "what can't be guessed is asked for",
      ["--yes", "--hear", "0", "--localnet", "none"],
      "--localnet: name at least one, such as 10.222.237.0/24",
    ],
  ])("%s, and nothing is written", async (_what, args, why) => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await branchline("init", "-c", join(folder, "branchline.yaml"), ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(why);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a file that can't be written is the world's fault, and leaves nothing behind", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const { code, stderr } = await branchline("init", "-c", join(folder, "file", "branchline.yaml"), ...SITE);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("can't be written") });
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describeWith(["openssl"], "init with TLS", () => {
  test("towards upstream: the file is written, and what is missing yet is said; with it, check is content", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "branchline.yaml");
    const listen = `udp:${hostPort(proxy)} tls:${proxy.host}:5071`;
    const args = ["--upstream", `sips:${net.host(2)}`, "--listen", listen];
    const { code, stdout } = await branchline("init", "-c", file, ...SITE, ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nIt can't start yet: tls\.certificate can't be read: .*tls\/branch\.pem'?\.\ndeploy\/tls\.md .*\n$/,
    );
    expect(await branchline("check", "-c", file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("tls.certificate"),
    });
    const { certificate, key } = new CertificateAuthority().issue("branch", "IP:127.0.0.1");
    mkdirSync(join(folder, "tls"));
    copyFileSync(certificate, join(folder, "tls/branch.pem"));
    copyFileSync(key, join(folder, "tls/branch.key"));
    expect(await branchline("check", "-c", file)).toMatchObject({ code: 0 });
    expect((await branchline("init", "-c", file, "--force", ...SITE, ...args)).stdout).not.toContain("can't start");
  });
});

describe("init hears a phone", () => {
  test("its REGISTER gives upstream, network and member; the branch that is written takes its call", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "branchline.yaml");
    const phone = await SipAgent.open(net.at(17));
    const upstream = await SipAgent.open(net.at(2));
    const gateway = await SipAgent.open(net.at(3));
    const args = ["-c", file, "--yes", "--hear", "1", "--listen", hostPort(proxy), "--localnet", net.network(16)];
    const child = new Child(process.execPath, [Branchline.bundle, "init", ...args, "--gateway", gateway.sentBy]);
    defer(() => child.stop());
    await child.line(/Listening on/);
    const register = registerOf(phone, upstream.endpoint.host);
    const again = setInterval(() => void phone.send(register, proxy), 100);
    expect(await child.ended).toBe(0);
    clearInterval(again);
    expect(child.lines.join("\n")).toContain(`${phone.endpoint.host}: 201@${upstream.endpoint.host}`);
    expect(child.lines.join("\n")).toContain("rings 201 at once");

    const running = new Child(process.execPath, [Branchline.bundle, "run", "-c", file]);
    defer(() => running.stop());
    await running.line(/upstream_state .*to=up/, 10_000);
    const call = await OutgoingCall.start(phone, { to: `sip:5551234@${upstream.endpoint.host}`, through: proxy });
    const invite = await upstream.next({ method: "INVITE" });
    await upstream.reply(invite, 486, "Busy Here");
    await call.response(486);
    expect(existsSync(join(folder, "state"))).toBe(true);
  });
});

describeWith(["namespaces"], "init on a router", () => {
  /**
   *   phone    10.91.20.21 ─ eth0 ── lan0 ─┐
   *                                      router ─ wan0 203.0.113.2, default route
   *   gateway  10.91.1.3 ─── eth0 ── gw0 ──┘
   */
  test("finds all by itself: networks, addresses, PBX, phone and gateway", async () => {
    const roles = ["phone", "gateway", "router", "internet"];
    const [office, pstn, router, internet] = roles.map((role) => Namespace.create(role)) as [
      Namespace,
      Namespace,
      Namespace,
      Namespace,
    ];
    office.connect(["eth0", "10.91.20.21/24"], router, ["lan0", "10.91.20.1/24"]);
    pstn.connect(["eth0", "10.91.1.3/24"], router, ["gw0", "10.91.1.1/24"]);
    internet.connect(["eth0", "203.0.113.1/29"], router, ["wan0", "203.0.113.2/29"]);
    router.ip("route", "add", "default", "via", "203.0.113.1");
    const phone = await SipAgent.open({ host: "10.91.20.21", port: 5060 }, office.name);
    const gateway = await SipAgent.open({ host: "10.91.1.3", port: 5060 }, pstn.name);
    gateway.isAlive = false;
    gateway.attendant = (request) => {
      void gateway.reply(request, 200, "OK", { toTag: "gateway", extra: ["Server: Grandstream GXW4104"] });
      return true;
    };
    // The router knows whom it has heard of: phones and gateway look for theirs all day.
    await gateway.send("\r\n\r\n", { host: "10.91.1.1", port: 5060 });

    const namespace = router.name;
    const child = new Child(process.execPath, [Branchline.bundle, "init", "-c", "-", "--yes", "--hear", "2"], {
      namespace,
    });
    defer(() => child.stop());
    await child.line(/Listening on/);
    const again = setInterval(
      () => void phone.send(registerOf(phone, "pbx.example.com"), { host: "10.91.20.1", port: 5060 }),
      100,
    );
    expect(await child.ended).toBe(0);
    clearInterval(again);
    for (const line of [
      "listen: [udp:10.91.20.1:5060, udp:10.91.1.1:5060, udp:203.0.113.2:5060]",
      "localnet: [10.91.20.0/24]",
      "  targets: [sip:pbx.example.com]",
      "gateways: [sip:10.91.1.3]",
      '    members: ["201"]',
    ]) {
      expect(child.lines.join("\n")).toContain(line);
    }
  });
});

describeWith(["script"], "init at a terminal", () => {
  /** A person at a terminal. */
  function typist(folder: string, ...args: readonly string[]): Child {
    const command = [process.execPath, Branchline.bundle, "init", "-c", "branchline.yaml", "--hear", "0", ...args];
    const child = new Child(pathOf("script"), ["-qec", command.join(" "), "/dev/null"], { cwd: folder, stdin: "pipe" });
    defer(() => child.stop());
    return child;
  }

  test("asks, explains what is wrong, asks again, and writes", async () => {
    const folder = temporaryFolder();
    const child = typist(folder, "--listen", hostPort(proxy));
    for (const line of ["10.0.0.0/99", net.network(16), hostPort(net.at(2)), net.host(3), "201,202", "112"])
      child.type(line);
    expect(await child.ended).toBe(0);
    const said = child.lines.join("\n");
    expect(said).toContain("The phones' networks (--localnet)");
    expect(said).toContain('"10.0.0.0/99" is not a network');
    expect(said).toContain("rings 201, 202 at once");
    expect(readFileSync(join(folder, "branchline.yaml"), "utf8")).toContain('emergency: ["112"]');
  });

  test.each([
    ["Ctrl-C", "\x03"],
    ["end of file", "\x04"],
  ])("%s leaves nothing behind", async (_what, key) => {
    const folder = temporaryFolder();
    const child = typist(folder);
    child.type(net.network(16));
    // Its echo shows that the terminal is in readline's hands: before that, keys are the kernel's.
    await child.line(/The phones' networks .*\/28/);
    child.type(key);
    expect(await child.ended).toBe(2);
    expect(child.lines.join("\n")).toContain("nothing is written");
    expect(readdirSync(folder)).toEqual([]);
  });
});
