/**
 * TLS as operators and callers see it: certificates that aren't believed, renewed, or faulty; sips.
 *
 *   phone (TLS) ── branchline ── TLS ── upstream, with whichever certificate
 */
import { execFile } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { PROGRAM } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline, QUICK_PROBES, type Settings } from "./support/branchline.ts";
import { type Certificate, CertificateAuthority } from "./support/certificates.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { Dialog } from "./support/dialog.ts";
import { IncomingCall } from "./support/incoming-call.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(53);
const proxy = net.at(1, 5061);
const upstreamAt = net.at(2, 5061);
const NUMBER = "5551234@pbx.example.com";

cleanUpAfterEach();

/** branchline's own certificate lies where a test can renew it. */
function identities() {
  const authority = new CertificateAuthority();
  const folder = temporaryFolder();
  const own: Certificate = { certificate: join(folder, "own.pem"), key: join(folder, "own.key") };
  const renew = (name: string, days?: number) => {
    const issued = authority.issue(name, `IP:${proxy.host}`, days);
    copyFileSync(issued.certificate, own.certificate);
    copyFileSync(issued.key, own.key);
  };
  renew("first");
  const agent = (last: number) => ({ ...authority.issue(`agent ${last}`, `IP:${net.host(last)}`), ca: authority.file });
  return { authority, own, renew, agent };
}

function settings(own: Certificate, ca: string, more: Partial<Settings> = {}): Settings {
  return {
    listen: [`tls:${hostPort(proxy)}`, `udp:${net.host(1)}:5060`],
    tls: { ...own, ca },
    localnet: [net.network(16)],
    upstream: { targets: [`sip:${hostPort(upstreamAt)};transport=tls`], probe: QUICK_PROBES, hold: "1s" },
    gateways: [`sip:${net.host(4)}:5060`],
    survival: { notice_hold: "0s" },
    ...more,
  };
}

/** Whose certificate new connections see. */
function certificateName(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...proxy, rejectUnauthorized: false, servername: "" }, () => {
      const name = String(socket.getPeerCertificate().subject.CN);
      socket.destroy();
      resolve(name);
    });
    socket.on("error", reject);
  });
}

async function command(name: "check" | "run", file: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(PROGRAM.command, [...PROGRAM.first, name, "-c", file], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` });
    });
  });
}

describeWith(["openssl", "TLS"], "TLS", () => {
  const DOUBTFUL: readonly (readonly [string, (ours: CertificateAuthority) => Certificate, RegExp])[] = [
    ["of another name", (ours) => ours.issue("pbx", "DNS:other.example.com"), /names DNS:other\.example\.com, not 127/],
    ["of an unknown authority", () => new CertificateAuthority("Other").issue("pbx", `IP:${net.host(2)}`), /tls\.ca/],
    ["that has expired", (ours) => ours.issue("pbx", `IP:${net.host(2)}`, -1), /expired/],
  ];
  test.each(DOUBTFUL)("upstream shows a certificate %s: survival, and the log says why", async (_title, issue, why) => {
    const { authority, own, agent } = identities();
    const upstream = await SipAgent.open(upstreamAt, undefined, { ...issue(authority), ca: authority.file });
    const phone = await SipAgent.open(net.at(17), undefined, agent(17));
    const branchline = await Branchline.start(settings(own, authority.file));
    await branchline.upstreamIs("down");
    const call = await OutgoingCall.start(phone, { to: `sip:${NUMBER}`, through: proxy });
    await call.response(302);
    expect(upstream.received).toEqual([]);
    const complaints = branchline.lines.filter((line) => line.startsWith("<4>tls_failed "));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(`peer=${hostPort(upstreamAt)} `);
    expect(complaints[0]).toMatch(why);
  });

  test("certificates are renewed on SIGHUP: a call across it goes on, and new connections see the new one", async () => {
    const { authority, own, renew, agent } = identities();
    const upstream = await SipAgent.open(upstreamAt, undefined, agent(2));
    const phone = await SipAgent.open(net.at(17), undefined, agent(17));
    const branchline = await Branchline.start(settings(own, authority.file));
    await branchline.upstreamIs("up");
    const call = await OutgoingCall.start(phone, { to: `sip:${NUMBER}`, through: proxy });
    const incoming = await IncomingCall.at(upstream, call.callId);
    const answered = incoming.answer();
    const dialog = await call.established();
    const other = await answered;
    expect(await certificateName()).toBe("first");

    const certificate = async () => /.*Certificate: .*/.exec(await branchline.command("status"))?.[0];
    expect(await certificate()).toMatch(/^Certificate: .*own\.pem is valid for (?:29|30) days$/);
    renew("second", 12);
    expect(await certificate()).toMatch(/ (?:29|30) days$/);
    expect(await branchline.reload()).toMatch(/<6>reloaded /);
    expect(await certificateName()).toBe("second");
    expect(await certificate()).toMatch(/^WARNING: Certificate: .* is valid for 1[12] days$/);
    const info = await dialog.ask("INFO", upstream);
    expect(info.from).toEqual(incoming.invite.from);
    const ports = () => [...new Set(phone.received.map(({ from }) => hostPort(from)))];
    await other.ask("BYE", phone);
    expect(ports()).toEqual([hostPort(proxy)]);

    copyFileSync(authority.issue("third", `IP:${proxy.host}`).key, own.key);
    expect(await branchline.reload()).toMatch(/<3>reload_refused /);
    expect(branchline.lines.join("\n")).toMatch(
      /<3>reload_refused .*tls\.key \S*own\.key must hold the key of \S*own\.pem/,
    );
    expect(await certificateName()).toBe("second");
    renew("fourth");
    expect(await branchline.reload()).toMatch(/<6>reloaded /);
    expect(await certificateName()).toBe("fourth");
    branchline.forgive(/reload_refused /);
  });

  const FAULTS: readonly (readonly [string, (folder: string, authority: CertificateAuthority) => object, RegExp])[] = [
    [
      "a certificate that isn't there",
      (folder) => ({ certificate: join(folder, "no.pem") }),
      /:\d+:\d+: tls\.certificate .*no\.pem/,
    ],
    [
      "a certificate that is none",
      (folder) => ({ certificate: join(folder, "junk") }),
      /:\d+:\d+: tls\.certificate \S*junk must hold/,
    ],
    ["a key that isn't there", (folder) => ({ key: join(folder, "no.key") }), /:\d+:\d+: tls\.key .*no\.key/],
    [
      "a key that is none",
      (folder) => ({ key: join(folder, "junk") }),
      /:\d+:\d+: tls\.key \S*junk must hold a private key/,
    ],
    [
      "another's key",
      (_, authority) => ({ key: authority.issue("x", "DNS:x").key }),
      /:\d+:\d+: tls\.key .* the key of /,
    ],
    ["an authority that isn't there", (folder) => ({ ca: join(folder, "no.ca") }), /:\d+:\d+: tls\.ca .*no\.ca/],
    [
      "an authority that is none",
      (folder) => ({ ca: join(folder, "junk") }),
      /:\d+:\d+: tls\.ca \S*junk must hold certificates/,
    ],
  ];
  test.each(FAULTS)("%s: check and run name the file and say what it must hold", async (_title, spoil, said) => {
    const { authority, own } = identities();
    const folder = temporaryFolder();
    writeFileSync(join(folder, "junk"), "this is no PEM file\n");
    const file = join(folder, "branchline.yaml");
    const spoiled = { ...own, ca: authority.file, ...spoil(folder, authority) };
    writeFileSync(file, stringify({ ...settings(own, authority.file), tls: spoiled }));
    for (const name of ["check", "run"] as const) {
      const { code, said: text } = await command(name, file);
      expect(text).toMatch(said);
      expect(code).toBe(2);
    }
  });

  test("RFC 3261 §26.2.2: sips leaves by TLS, and where upstream has none the caller hears so; without our own TLS 416", async () => {
    const { authority, own, agent } = identities();
    const upstream = await SipAgent.open(upstreamAt, undefined, agent(2));
    const plain = await SipAgent.open(net.at(3));
    const phone = await SipAgent.open(net.at(17), undefined, agent(17));
    const branchline = await Branchline.start(settings(own, authority.file));
    await branchline.upstreamIs("up");
    const call = await OutgoingCall.start(phone, { to: `sips:${NUMBER}`, through: proxy });
    const incoming = await IncomingCall.at(upstream, call.callId);
    expect(incoming.invite.requestUri).toBe(`sips:${NUMBER}`);
    for (const route of incoming.invite.list("record-route")) expect(route).toMatch(/^<sips:/);
    await incoming.ring();
    await call.response(180);
    await incoming.accept();
    const ok = await call.response(200);
    const dialog = Dialog.ofCaller(phone, ok);
    await dialog.acknowledge(ok);
    await branchline.stop();

    const { tls: _tls, ...withoutTls } = settings(own, authority.file, {
      listen: [`udp:${net.host(1)}:5060`],
      upstream: `sip:${plain.sentBy}`,
    });
    const other = await Branchline.start(withoutTls);
    await other.upstreamIs("up");
    const udpPhone = await SipAgent.open(net.at(18));
    const refused = await OutgoingCall.start(udpPhone, { to: `sips:${NUMBER}`, through: net.at(1) });
    await refused.response(416);
    expect(plain.received).toEqual([]);
    await other.stop();

    const mixed = await Branchline.start(settings(own, authority.file, { upstream: `sip:${plain.sentBy}` }));
    await mixed.upstreamIs("up");
    const nowhere = await OutgoingCall.start(phone, { to: `sips:${NUMBER}`, through: proxy });
    expect((await nowhere.final()).status).toBeGreaterThanOrEqual(300);
    expect(plain.received).toEqual([]);
  });
});
