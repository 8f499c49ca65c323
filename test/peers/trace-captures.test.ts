/** Captures of `branchline trace --pcap` as tshark reads them; calls by TLS in clear. */
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { openOffice } from "./support/office.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { SECRET, wholeCall } from "./support/traced-call.ts";

const net = new Subnet(65);
const proxy = net.at(1);
const secure = net.at(1, 5061);

cleanUpAfterEach();

const run = promisify(execFile);

/** What tshark makes of a capture: a line for each packet that a filter lets pass. */
async function tshark(file: string, filter: string, ...fields: readonly string[]): Promise<string[]> {
  const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
  const wanted = fields.flatMap((field) => ["-e", field]);
  const { stdout } = await run(pathOf("tshark"), ["-r", file, ...checks, "-Y", filter, "-T", "fields", ...wanted]);
  return stdout.split("\n").filter((line) => line !== "");
}

interface Message {
  readonly kind: string;
  readonly wire: string;
}

/** The first lines of what was sent and received, in the order of the journal. */
async function linesOf(branchline: Branchline): Promise<string[]> {
  const traced: readonly { readonly entries: readonly Message[] }[] = JSON.parse(
    await branchline.command("trace", "--json"),
  );
  const messages = traced.flatMap(({ entries }) => entries).filter(({ kind }) => kind === "in" || kind === "out");
  return messages.map(({ wire }) => wire.slice(0, wire.indexOf("\r\n")));
}

async function expectDecoded(branchline: Branchline, least: number) {
  const file = join(temporaryFolder(), "call.pcapng");
  const lines = await linesOf(branchline);
  expect(lines.length).toBeGreaterThanOrEqual(least);
  expect(await branchline.command("trace", "--pcap", file)).toBe(`${lines.length} messages in ${file}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const decoded = await tshark(file, "sip", "sip.Request-Line", "sip.Status-Line");
  expect(decoded.map((line) => line.trim())).toEqual(lines);
  expect(await tshark(file, "!sip", "frame.number")).toEqual([]);
  expect(await tshark(file, "ip.checksum.status == 1 && udp.checksum.status == 1", "frame.number")).toHaveLength(
    lines.length,
  );
  expect(await tshark(file, "_ws.malformed", "frame.number")).toEqual([]);
  return file;
}

describeWith(["tshark"], "captures", () => {
  test("tshark decodes each message of a call as SIP, in order, with right checksums; masked headers stay masked", async () => {
    const { upstream, phone, branchline } = await openOffice(net, () => ({}));
    await wholeCall(phone, upstream, proxy);
    const file = await expectDecoded(branchline, 10);
    expect(readFileSync(file, "latin1")).not.toContain(SECRET);
    expect(await tshark(file, "sip.Method == INVITE && sip.Proxy-Authorization", "sip.auth.digest.response")).toEqual([
      '"masked"',
      '"masked"',
    ]);
    expect(await tshark(file, "frame.comment contains rule", "frame.comment")).not.toEqual([]);
    const unmasked = join(temporaryFolder(), "unmasked.pcapng");
    await branchline.command("trace", "--pcap", unmasked, "--unmasked");
    expect(readFileSync(unmasked, "latin1")).toContain(SECRET);
    expect(await tshark(unmasked, "sdp", "frame.number")).not.toEqual([]);
  });
});

describeWith(["tshark", "openssl", "TLS"], "captures of TLS", () => {
  test("a call whose phone speaks TLS is in clear, each message decoded as SIP", async () => {
    const authority = new CertificateAuthority();
    const upstream = await SipAgent.open(net.at(2));
    const agent = { ...authority.issue("phone", `IP:${net.host(17)}`), ca: authority.file };
    const phone = await SipAgent.open(net.at(17), undefined, agent);
    const branchline = await Branchline.start({
      listen: [`tls:${hostPort(secure)}`, `udp:${hostPort(proxy)}`],
      tls: { ...authority.issue("branchline", `IP:${secure.host}`), ca: authority.file },
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${upstream.sentBy}`], probe: QUICK_PROBES },
      gateways: [`sip:${net.host(4)}:5060`],
    });
    await branchline.upstreamIs("up");
    await wholeCall(phone, upstream, secure);
    const file = await expectDecoded(branchline, 10);
    expect(await tshark(file, "udp.port == 5061 && sip.Method == INVITE", "frame.comment")).toEqual([
      expect.stringMatching(/^tls; rule call: /),
    ]);
  });
});
