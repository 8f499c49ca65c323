/** TLS over real sockets: who comes through the handshake, what becomes of those who don't, and what the log says. */
import { readFileSync } from "node:fs";
import { connect as connectTls, createServer, type TLSSocket } from "node:tls";
import { expect, test, vi } from "vitest";
import { handshakeFault } from "../../src/io/node/tls-faults.ts";
import type { Flow } from "../../src/transport/flow.ts";
import type { TlsFiles } from "../../src/transport/tls-files.ts";
import { type Endpoint, Subnet } from "../peers/support/addresses.ts";
import { type Certificate, CertificateAuthority } from "../peers/support/certificates.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, PeerServer, StreamLab, settle, until } from "./stream-lab.ts";

const net = new Subnet(87);
const US = net.at(1, 5061);
const UPSTREAM = net.at(2, 5061);
const HANDSHAKE_MS = 5_000;
const PHONE = net.host(17);
const STRANGER = net.host(200);
const REQUEST = message({ lines: ["l: 0"], body: "" });
const NAME = "pbx.example.com";

cleanUpAfterEach();

async function office(clientCertificates: TlsFiles["clientCertificates"] = "none") {
  const authority = new CertificateAuthority();
  const own = authority.issue("branchline", `IP:${US.host}`);
  const files = { ...own, ca: authority.file, clientCertificates, wildcards: false };
  const lab = await StreamLab.open(US, files);
  lab.known.add(PHONE);
  return { authority, files, lab };
}

interface ClientOptions {
  readonly from?: string;
  readonly identity?: Certificate;
  readonly version?: "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
}

/** A phone; it believes everybody. */
function phone({ from = PHONE, identity, version = "TLSv1.3" }: ClientOptions = {}): Peer & { socket: TLSSocket } {
  const address = { host: US.host, port: US.port, localAddress: from };
  const socket = connectTls({
    ...address,
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    // OpenSSL 3 wants this before it speaks what is as old as that.
    ...(version === "TLSv1.1" ? { ciphers: "DEFAULT:@SECLEVEL=0" } : {}),
    ...(identity === undefined ? {} : { cert: readFileSync(identity.certificate), key: readFileSync(identity.key) }),
  });
  const peer = new Peer(socket) as Peer & { socket: TLSSocket };
  peer.send(REQUEST);
  return peer;
}

/** Upstream, as far as its handshake. */
async function upstream(at: Endpoint, identity: Certificate, options: { requestCert?: boolean; ca?: Buffer } = {}) {
  const peers: Peer[] = [];
  const server = await upstreamServer(at, identity, options, (socket) => void peers.push(new Peer(socket)));
  defer(() => new Promise((resolve) => server.close(resolve)));
  return peers;
}

async function upstreamServer(
  at: Endpoint,
  identity: Certificate,
  options = {},
  onSecure: (socket: TLSSocket) => void = (socket) => void new Peer(socket),
) {
  const own = { cert: readFileSync(identity.certificate), key: readFileSync(identity.key) };
  const server = createServer({ ...own, ...options }, onSecure);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve));
  return server;
}

test("what a certificate says of itself is cut: it may have 100 kB, and the log keeps reasons to compare them", () => {
  const names = `Hostname/IP does not match certificate's altnames: Host: pbx. is not in DNS:${"x".repeat(50_000)}`;
  expect(handshakeFault(new Error(names))).toMatch(/^Hostname.*x$/);
  expect(handshakeFault(new Error(names))?.length).toBeLessThanOrEqual(300);
});

const faults = (lab: StreamLab) => lab.log.filter(({ event }) => event === "tls_failed");

describeWith(["openssl"], "TLS: who connects to us", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is spoken", async (version) => {
    const { lab } = await office();
    const caller = phone({ version });
    await until("the request", () => lab.messages.length === 1);
    expect(caller.socket.getProtocol()).toBe(version);
    expect(lab.messages[0]?.source).toMatchObject({ address: PHONE, isAccepted: true });
    lab.streams.send(lab.messages[0]?.source as Flow, "answer");
    await until("the answer", () => caller.received === "answer");
  });

  test("TLS 1.1 is refused, and the log says so of a phone, but not of a stranger", async () => {
    const { lab } = await office();
    const stranger = phone({ version: "TLSv1.1", from: STRANGER });
    const caller = phone({ version: "TLSv1.1" });
    await until("the refusals", () => caller.hasEnded && stranger.hasEnded);
    expect(lab.messages).toEqual([]);
    await until("all of it", () => lab.connections === 0);
    const warnings = faults(lab).filter(({ level }) => level === "warn");
    expect(warnings.map(({ fields }) => fields)).toEqual([{ peer: PHONE, why: expect.stringContaining("protocol") }]);
  });

  test("handshakes that fail leave nothing behind: strangers don't use up their places with them", async () => {
    const { lab } = await office();
    for (let round = 0; round < 12; round++) {
      const stranger =
        round % 2 === 0 ? await Peer.connect(US, STRANGER) : phone({ version: "TLSv1.1", from: STRANGER });
      if (round % 2 === 0) stranger.send("OPTIONS sip:a@b SIP/2.0\r\n\r\n");
      await until(`refusal ${round}`, () => stranger.hasEnded && lab.connections === 0);
    }
    phone({ from: STRANGER });
    await until("its request", () => lab.messages.length === 1);
    expect(lab.streams).toMatchObject({ size: 1, hits: 0 });
  });

  test("who begins no handshake doesn't keep us from stopping", async () => {
    const { lab } = await office();
    const silent = await Peer.connect(US, STRANGER);
    await until("the connection", () => lab.connections === 1);
    const start_ms = performance.now();
    await lab.streams.closeAll();
    // Our patience with its handshake would end it too.
    expect(performance.now() - start_ms).toBeLessThan(HANDSHAKE_MS);
    await until("its end", () => silent.hasEnded);
    expect(lab.connections).toBe(0);
  });

  test.each([
    ["none", { nothing: true, ours: true, theirs: true }],
    ["optional", { nothing: true, ours: true, theirs: true }],
    ["required", { nothing: false, ours: true, theirs: false }],
  ] as const)("client_certificates: %s", async (clientCertificates, admitted) => {
    const { authority, lab } = await office(clientCertificates);
    const ours = authority.issue("phone", "DNS:phone.example.com");
    const theirs = new CertificateAuthority("Somebody Else").issue("phone", "DNS:phone.example.com");
    for (const [kind, identity] of [["nothing"], ["ours", ours], ["theirs", theirs]] as const) {
      const before = lab.messages.length;
      const caller = phone(identity === undefined ? {} : { identity });
      await until(`what becomes of ${kind}`, () => caller.hasEnded || lab.messages.length > before);
      expect([kind, lab.messages.length > before]).toEqual([kind, admitted[kind]]);
    }
  });

  test("why a phone was refused stands in the log without what OpenSSL puts around it", async () => {
    const { lab } = await office("required");
    const caller = phone();
    await until("the refusal", () => caller.hasEnded && faults(lab).length > 0);
    expect(faults(lab)[0]?.fields).toEqual({ peer: PHONE, why: "peer did not return a certificate" });
  });

  test("new files are for new connections; those that stand go on", async () => {
    const { authority, files, lab } = await office();
    const old = phone();
    await until("the request", () => lab.messages.length === 1);
    expect(old.socket.getPeerCertificate().subject.CN).toBe("branchline");
    lab.streams.reloadTls({ ...files, ...authority.issue("renewed", `IP:${US.host}`), clientCertificates: "required" });

    const refused = phone();
    await until("the refusal", () => refused.hasEnded);
    const renewed = phone({ identity: authority.issue("phone", "DNS:phone.example.com") });
    await until("its request", () => lab.messages.length === 2);
    expect(renewed.socket.getPeerCertificate().subject.CN).toBe("renewed");
    old.send(REQUEST);
    await until("another request of the first", () => lab.messages.length === 3);

    expect(() => lab.streams.reloadTls({ ...files, key: authority.file })).toThrow();
    const later = phone({ identity: authority.issue("phone", "DNS:phone.example.com") });
    await until("its request", () => lab.messages.length === 4);
    expect(later.socket.getPeerCertificate().subject.CN).toBe("renewed");
  });
});

describeWith(["openssl"], "TLS: whom we connect to", () => {
  test.each([
    ["a DNS name", NAME, `DNS:${NAME}`],
    ["a sip URI", NAME, `URI:sip:${NAME}`],
    ["an address", UPSTREAM.host, `IP:${UPSTREAM.host}`],
  ])("%s in its certificate is believed", async (_title, name, names) => {
    const { authority, lab } = await office();
    const peers = await upstream(UPSTREAM, authority.issue("upstream", names));
    lab.streams.send(lab.flowTo(UPSTREAM, { name }), "hello");
    await until("hello", () => peers[0]?.received === "hello");
    expect(faults(lab)).toEqual([]);
  });

  test("a wildcard is believed where tls.wildcards says so, from the next reload on", async () => {
    const { authority, files, lab } = await office();
    const peers = await upstream(UPSTREAM, authority.issue("upstream", "DNS:*.example.com"));
    lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), "hello");
    await until("the news", () => lab.unreachable.length === 1);
    lab.streams.reloadTls({ ...files, wildcards: true });
    lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), "hello");
    await until("hello", () => peers.some(({ received }) => received === "hello"));
    lab.streams.reloadTls(files);
    const elsewhere = net.at(4, 5061);
    await upstream(elsewhere, authority.issue("upstream", "DNS:*.example.com"));
    lab.streams.send(lab.flowTo(elsewhere, { name: NAME }), "hello");
    await until("more news", () => lab.unreachable.length === 2);
  });

  test("a connection that was used again and that its peer ends is known as such", async () => {
    const { authority, lab } = await office();
    const peers = await upstream(UPSTREAM, authority.issue("upstream", `DNS:${NAME}`));
    for (const text of ["a", "b"]) {
      lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), text);
      await until(text, () => peers[0]?.received.endsWith(text) === true);
    }
    peers[0]?.socket.end();
    await until("its end", () => lab.closed.length === 1);
    expect(lab.reused).toEqual([true]);
  });

  const FAULTS: readonly (readonly [string, (authority: CertificateAuthority) => Certificate, RegExp])[] = [
    [
      "another name",
      (ours) => ours.issue("x", "DNS:other.example.com"),
      /names DNS:other\.example\.com, not pbx\.example\.com$/,
    ],
    ["a wildcard", (ours) => ours.issue("x", "DNS:*.example.com"), /not pbx\.example\.com; tls\.wildcards: true/],
    ["an unknown authority", () => new CertificateAuthority("Other").issue("x", `DNS:${NAME}`), /authority.*tls\.ca/],
    ["a validity that is over", (ours) => ours.issue("x", `DNS:${NAME}`, -1), /expired/],
  ];
  test.each(FAULTS)("%s is not: nothing is sent, and the log says why, once a minute", async (_title, issue, why) => {
    const { authority, lab } = await office();
    const peers = await upstream(UPSTREAM, issue(authority));
    const flow = lab.flowTo(UPSTREAM, { name: NAME });
    for (let time = 1; time <= 3; time++) {
      lab.streams.send(flow, "secret");
      await until("the news", () => lab.unreachable.length === time);
    }
    await settle();
    expect(peers.map(({ received }) => received).join("")).toBe("");
    expect(faults(lab)).toHaveLength(1);
    expect(faults(lab)[0]).toMatchObject({ level: "warn", fields: { peer: `${UPSTREAM.host}:5061`, name: NAME } });
    expect(faults(lab)[0]?.fields["why"]).toMatch(why);
  });

  test("another reason is told at once; somebody who always has another one isn't listened to for ever", async () => {
    const { authority, lab } = await office();
    const reasons = async (names: readonly string[]) => {
      for (const name of names) {
        const server = await upstreamServer(UPSTREAM, authority.issue("x", `DNS:${name}.example.com`));
        const before = lab.unreachable.length;
        lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), "secret");
        await until("the news", () => lab.unreachable.length > before);
        await new Promise((resolve) => server.close(resolve));
      }
      return faults(lab).map(({ fields }) => /DNS:(\w+)/.exec(String(fields["why"]))?.[1]);
    };
    expect(await reasons(["a", "b", "a", "b"])).toEqual(["a", "b"]);
    expect(await reasons(["c", "d", "e", "f", "g"])).toEqual(["a", "b", "c", "d"]);
  });

  test("a peer that wants a certificate of ours gets it; one that doesn't believe it can't be reached", async () => {
    const { authority, lab } = await office();
    const identity = authority.issue("upstream", `DNS:${NAME}`);
    const peers = await upstream(UPSTREAM, identity, { requestCert: true, ca: readFileSync(authority.file) });
    lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), "hello");
    await until("hello", () => peers[0]?.received === "hello");

    const elsewhere = net.at(3, 5061);
    const other = new CertificateAuthority("Other");
    await upstream(elsewhere, identity, { requestCert: true, ca: readFileSync(other.file) });
    lab.streams.send(lab.flowTo(elsewhere, { name: NAME }), "hello");
    await until("the news", () => lab.unreachable.length === 1);
    expect(lab.messages).toEqual([]);
  });

  test("a peer that speaks no TLS there is in the log; one that isn't there, or doesn't answer, needs no such line", async () => {
    const { lab } = await office();
    const server = await PeerServer.open(UPSTREAM);
    lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME }), "hello");
    await until("the connection", () => server.peers[0]?.received !== undefined && server.peers[0].received !== "");
    server.peers[0]?.send("SIP/2.0 400 Bad Request\r\n\r\n");
    await until("the news", () => lab.unreachable.length === 1);
    expect(faults(lab)).toHaveLength(1);
    lab.streams.send(lab.flowTo(net.at(4, 5061), { name: NAME }), "hello");
    await until("the refusal", () => lab.unreachable.length === 2);
    expect(faults(lab)).toHaveLength(1);
  });

  test.each([
    [{}, 3_000],
    [{ isTrial: true }, 500],
  ] as const)("a handshake that hangs is given up in time (%j)", async (more, patience_ms) => {
    const { lab } = await office();
    const server = await PeerServer.open(UPSTREAM);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    defer(() => vi.useRealTimers());
    lab.streams.send(lab.flowTo(UPSTREAM, { name: NAME, ...more }), "hello");
    await until("the connection", () => server.peers.length === 1);
    vi.advanceTimersByTime(patience_ms - 1);
    await settle();
    expect(lab.unreachable).toEqual([]);
    vi.advanceTimersByTime(1);
    await until("the news", () => lab.unreachable.length === 1);
    expect(lab.connections).toBe(0);
  });
});
