/**
 * After a power cut all phones call at the very moment at which branchline is back: not one datagram may find a socket
 * without room. Those that are bound last get everybody's datagrams until they are connected to their peer.
 */
import { expect, test } from "vitest";
import { newToken, requestText, sdp } from "../sip/build.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { droppedDatagrams } from "./support/bound-port.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { SipAgent } from "./support/sip-agent.ts";

const net = new Subnet(21);
const proxy = net.at(1);
/** It takes some starts until the burst hits the moment between two system calls. */
const STARTS = 12;
const CALLS = 220;
const LIMIT_MS = 240_000;

cleanUpAfterEach();

test("burst at start: no datagram is dropped", { timeout: LIMIT_MS }, async () => {
  const phone = await SipAgent.open(net.at(17));
  const upstream = await SipAgent.open(net.at(2));
  upstream.always({ method: "INVITE" }, async () => {});
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(16)],
    upstream: `sip:${upstream.sentBy}`,
    gateways: [3, 4, 5].map((last) => `sip:${hostPort(net.at(last))}`),
  });
  for (let start = 0; start < STARTS; start++) {
    const invites = Array.from({ length: CALLS }, () => invite(phone));
    await branchline.killAndRestart();
    await Promise.all(invites.map((wire) => phone.send(wire, proxy)));
    expect(droppedDatagrams(proxy), `start ${start}`).toBe(0);
  }
});

function invite(phone: SipAgent): string {
  const uri = "sip:201@pbx.example.com";
  return requestText(phone.sentBy, {
    method: "INVITE",
    uri,
    from: `<sip:caller@${phone.sentBy}>;tag=${newToken()}`,
    to: `<${uri}>`,
    callId: newToken(),
    cseq: 1,
    contact: `sip:caller@${phone.sentBy}`,
    session: sdp(phone.endpoint.host),
  });
}
