/** `branchline init` as it is typed: with flags, at a terminal, hearing phones; and then the branch works. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { CertificateAuthority } from "../peers/support/certificates.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { OutgoingCall } from "../peers/support/outgoing-call.ts";
import { describeWith } from "../peers/support/peers.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { onTerminal } from "../peers/support/terminal.ts";
import { newBranch, newToken, requestText } from "../sip/build.ts";
import { fileOf, PROGRAM, wordsOf } from "../support/program.ts";

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
    return { code: 0, ...(await promisify(execFile)(PROGRAM.command, [...PROGRAM.first, ...args], { env })) };
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
  test("writes the file, says what to type next, and the outbound proxy of the phones, on one screen", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "etc", "branchline.yaml");
    const { code, stdout, stderr } = await branchline("init", "-c", file, ...SITE);
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(folder, "etc"))).toEqual(["branchline.yaml"]);
    const check = await branchline("check", "-c", file);
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Serves the phones in ${net.network(16)}.`),
    });
    expect(stdout).toBe(`${file} written.
Next:
  branchline check -c ${file}    what it will do, in words
  branchline doctor -c ${file}   what on this router hinders calls
  branchline run -c ${file}      start it
  branchline phones -c ${file}   phones' settings: outbound proxy ${hostPort(proxy)}, UDP
`);
    expect(stderr.split("\n").length + stdout.split("\n").length).toBeLessThan(24);
  });

  test("--yes without extensions and emergency numbers says what the file lacks", async () => {
    const file = join(temporaryFolder(), "branchline.yaml");
    const args = [
      "--yes",
      "--hear",
      "0",
      "--localnet",
      net.network(16),
      "--upstream",
      "none",
      "--gateway",
      "127.0.0.3",
    ];
    const { code, stderr } = await branchline("init", "-c", file, ...args, "--listen", hostPort(proxy));
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: emergency is missing: [\s\S]*warning: hunt_groups is missing: /);
    const none = await branchline(
      "init",
      "-c",
      file,
      ...args,
      "--listen",
      hostPort(proxy),
      ...["--emergency", "none", "--members", "none", "--force"],
    );
    expect(none.code).toBe(0);
    expect(none.stderr).not.toContain("is missing");
    expect(readFileSync(file, "utf8")).toMatch(/\nemergency: \[\]\n[\s\S]*\nhunt_groups: \{\}\n/);
  });

  test.each(["check", "init"])(
    "%s hints at an interface that isn't there, and takes it all the same",
    async (command) => {
      const file = join(temporaryFolder(), "branchline.yaml");
      const args = [...SITE, "--listen", `${hostPort(proxy)} udp:loo:5060`];
      const written = await branchline("init", "-c", file, ...args);
      const { code, stderr } = command === "init" ? written : await branchline(command, "-c", file);
      expect(code).toBe(0);
      // One further down with the line that names the schema, which lies beside the bundle.
      const line =
        1 +
        readFileSync(file, "utf8")
          .split("\n")
          .findIndex((text) => text.startsWith("listen:"));
      const warning = `branchline\\.yaml:${line}:\\d+: warning: listen\\[1\\] names loo, .*; did you mean lo\\?\n`;
      expect(stderr).toMatch(new RegExp(warning));
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
    expect(await branchline("init", "-c", file, ...SITE)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `${file} already exists; use --force to overwrite it\n`,
    });
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(await branchline("init", "-c", file, "--force", ...SITE)).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toContain("localnet");
  });

  test("- is standard output, and nothing else goes there", async () => {
    const { stdout, stderr } = await branchline("init", "-c", "-", ...SITE);
    const file = join(temporaryFolder(), "branchline.yaml");
    writeFileSync(file, stdout);
    expect(await branchline("check", "-c", file)).toMatchObject({ code: 0 });
    expect(stderr).toContain("No file was written: save this text as FILE.\nNext:\n  branchline check -c FILE ");
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
    ["the time to listen must be one", ["--yes", "--hear", "soon"], "must be a number of seconds from 0 to 3600"],
    [
      "what --yes hasn't found is asked for",
      ["--yes", "--hear", "0", "--localnet", net.network(16)],
      "give\n  --upstream URIS|none    PBX\n  --gateway ADDRESS|none  Gateway\n",
    ],
  ])("%s, and nothing is written", async (_what, args, why) => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await branchline("init", "-c", join(folder, "branchline.yaml"), ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(why);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("without the right to write the file, nothing is asked", async () => {
    const folder = temporaryFolder();
    const copy = join(folder, "branchline");
    copyFileSync(fileOf(PROGRAM), copy);
    chmodSync(folder, 0o755);
    const [program = "", ...first] = wordsOf(PROGRAM, copy);
    const args = [...first, "init", "-c", join(folder, "etc/branchline.yaml"), ...SITE];
    const said = await new Promise<Said>((resolve) => {
      const child = execFile(program, args, { uid: 65_534, gid: 65_534 }, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
    expect(said).toEqual({
      code: 1,
      stdout: "",
      stderr: `${join(folder, "etc/branchline.yaml")} can't be written: permission denied; run with sudo\n`,
    });
  });

  test("a file that can't be written is the world's fault, and leaves nothing behind", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const { code, stderr } = await branchline("init", "-c", join(folder, "file", "branchline.yaml"), ...SITE);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("can't be written") });
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describeWith(["openssl", "TLS"], "init with TLS", () => {
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
    const child = new Child(PROGRAM.command, [...PROGRAM.first, "init", ...args, "--gateway", gateway.sentBy]);
    defer(() => child.stop());
    await child.line(/Listening for phones on/);
    const register = registerOf(phone, upstream.endpoint.host);
    const again = setInterval(() => void phone.send(register, proxy), 100);
    expect(await child.ended).toBe(0);
    clearInterval(again);
    expect(child.lines.join("\n")).toContain(`${phone.endpoint.host}: 201@${upstream.endpoint.host}`);
    expect(readFileSync(file, "utf8")).toContain('members: ["201"]');

    const running = new Child(PROGRAM.command, [...PROGRAM.first, "run", "-c", file]);
    defer(() => running.stop());
    await running.line(/upstream_state .*to=up/);
    const call = await OutgoingCall.start(phone, { to: `sip:5551234@${upstream.endpoint.host}`, through: proxy });
    const invite = await upstream.next({ method: "INVITE" });
    await upstream.reply(invite, 486, "Busy Here");
    await call.response(486);
    expect(existsSync(join(folder, "state"))).toBe(true);
  });
});

describe("phones", () => {
  async function written(): Promise<string> {
    const file = join(temporaryFolder(), "branchline.yaml");
    await branchline("init", "-c", file, ...SITE);
    return file;
  }

  test("the outbound proxy and the makers; one maker's keys; all of it as data", async () => {
    const file = await written();
    const all = await branchline("phones", "-c", file);
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining(`outbound proxy ${hostPort(proxy)}, UDP.`) });
    expect(all.stdout.split("\n").length).toBeLessThan(10);
    const one = await branchline("phones", "grandstream", "-c", file);
    expect(one.stdout).toMatch(new RegExp(`^Grandstream: .*\n {2}P48=${hostPort(proxy)}\n {2}P130=0\n$`));
    const { outbound_proxy, makers } = JSON.parse((await branchline("phones", "--json", "-c", file)).stdout);
    expect(outbound_proxy).toEqual([{ host: proxy.host, port: 5060, transport: "udp" }]);
    expect(makers).toHaveLength(6);
  });

  test("an unknown maker is a fault of usage, with the one that may be meant", async () => {
    const { code, stdout, stderr } = await branchline("phones", "yeelink", "-c", await written());
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const each = `On each phone, set the outbound proxy ${hostPort(proxy)}, UDP.`;
    expect(stderr).toBe(`error: yeelink: unknown maker; did you mean yealink?\n${each}\n`);
  });
});

describeWith(["script"], "init at a terminal", () => {
  /** A person at a terminal. */
  function typist(folder: string, ...args: readonly string[]): Child {
    const hear = args.includes("--hear") ? [] : ["--hear", "0"];
    const command = [...wordsOf(PROGRAM), "init", "-c", "branchline.yaml", ...hear, ...args];
    const child = onTerminal(command, { cwd: folder });
    defer(() => child.stop());
    return child;
  }

  test("asks, explains what is wrong, asks again, and writes", async () => {
    const folder = temporaryFolder();
    const child = typist(folder, "--listen", hostPort(proxy));
    const answers = ["10.0.0.0/99", net.network(16), "none", "n", hostPort(net.at(2)), net.host(3), "201", "112"];
    for (const line of [...answers, "4", "201,202", "y"]) child.type(line);
    expect(await child.ended).toBe(0);
    const said = child.lines.join("\n");
    expect(said).toContain("The phones' networks (--localnet)");
    expect(said).toContain('"10.0.0.0/99" is not a network');
    expect(said).toContain("Really none? [y/N]");
    expect(said).toMatch(/ 4 {2}Gateway rings {6}201\n/);
    const text = readFileSync(join(folder, "branchline.yaml"), "utf8");
    expect(text).toContain('emergency: ["112"]');
    expect(text).toContain('members: ["201", "202"]');
  });

  test("Enter ends the listening for phones and is no answer; what may be wrong is said before the file is written", async () => {
    const folder = temporaryFolder();
    const child = typist(folder, "--hear", "3000", "--listen", `${hostPort(proxy)},udp:loo:5060`);
    await child.line(/Press Enter to stop listening/);
    for (const line of ["", net.network(16), hostPort(net.at(2)), net.host(3), "201", "112"]) child.type(line);
    await child.line(/names loo, .*; did you mean lo\?/);
    expect(readdirSync(folder)).toEqual([]);
    child.type("y");
    expect(await child.ended).toBe(0);
    const said = child.lines.join("\n");
    expect(said).toContain("No phone registered in these ");
    expect(said.match(/did you mean lo\?/g)).toHaveLength(1);
    expect(readFileSync(join(folder, "branchline.yaml"), "utf8")).toContain('members: ["201"]');
  });

  test.each([
    ["Ctrl-C", "\x03"],
    ["end of file", "\x04"],
  ])("%s leaves nothing behind", async (_what, key) => {
    const folder = temporaryFolder();
    const child = typist(folder);
    child.type("10.0.0.0/99");
    // It reads what is typed: before that, keys are the kernel's.
    await child.line(/"10\.0\.0\.0\/99" is not a network/);
    child.type(key);
    expect(await child.ended).toBe(2);
    expect(child.lines.join("\n")).toContain("Cancelled, no file written");
    expect(readdirSync(folder)).toEqual([]);
  });
});
