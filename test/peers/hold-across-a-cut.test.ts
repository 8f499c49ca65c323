/**
 * Real phones put a call on hold while the PBX in its signalling path (Kamailio) is silent for eight seconds. The
 * call is up afterwards, whatever their request is told.
 *
 *   baresip 1001 ── branchline ── Kamailio ── branchline ── linphone 1002
 */
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/machine.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Baresip } from "./support/baresip.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, pause } from "./support/clock.ts";
import { Kamailio } from "./support/kamailio.ts";
import { Linphone } from "./support/linphone.ts";
import { describeWith } from "./support/peers.ts";

const net = new Subnet(76);
/** Each branch has so many addresses. */
const BRANCH_SIZE = 64;
const CUT_MS = 8_000;
const LIMIT_MS = 240_000;
/** For what is sent again every four seconds, or asked again after the cut. */
const ANSWER_LIMIT_MS = CUT_MS + 2 * PATIENCE_MS;

cleanUpAfterEach();

/** @param index of the branch: they run side by side */
async function office(index: number) {
  const first = BRANCH_SIZE * index;
  const [proxy, pbx] = [net.at(first + 1), net.at(first + 2)];
  const kamailio = await Kamailio.start(pbx, net.at(first + 4));
  const branchline = await Branchline.start({
    listen: [`udp:${hostPort(proxy)}`],
    localnet: [net.network(first + 16)],
    upstream: { targets: [`sip:${hostPort(pbx)}`], probe: QUICK_PROBES, hold: "1s" },
  });
  await branchline.upstreamIs("up");
  const options = { domain: pbx.host, outbound: proxy, answers: true };
  const baresip = await Baresip.start({ ...options, user: "1001", local: net.at(first + 17) });
  const linphone = await Linphone.start({ ...options, user: "1002", local: net.at(first + 18) });
  baresip.dial(`sip:1002@${pbx.host}`);
  await Promise.all([baresip.next("CALL_ESTABLISHED"), linphone.next("CALL_ESTABLISHED")]);
  await linphone.sip.next({ method: "INVITE" });
  await baresip.sip.next({ method: "INVITE", status: 200 });
  return { kamailio, branchline, baresip, linphone };
}

type Kind = "baresip" | "linphone";

async function holdAcross(kind: Kind, when: "before it is known" | "while it is known", index: number): Promise<void> {
  const { kamailio, branchline, baresip, linphone } = await office(index);
  const [holder, other] = kind === "baresip" ? [baresip, linphone] : [linphone, baresip];
  const down = branchline.upstreamBecomes("down");
  const up = branchline.upstreamBecomes("up", ANSWER_LIMIT_MS);
  const cutAt_ms = monotonic_ms();
  kamailio.freeze();
  if (when === "while it is known") await down;
  holder.hold();
  if (when === "while it is known") {
    const refusal = await holder.sip.next({ method: "INVITE", status: 500 }, ANSWER_LIMIT_MS);
    expect(refusal.header("retry-after")).not.toBe("");
  }
  await pause(Math.max(0, cutAt_ms + CUT_MS - monotonic_ms()));
  await down;
  kamailio.thaw();
  await up;
  if (when === "before it is known") {
    await other.sip.next({ method: "INVITE" }, ANSWER_LIMIT_MS);
    await holder.sip.next({ method: "INVITE", status: 200 }, ANSWER_LIMIT_MS);
  }
  const byes = [baresip, linphone].flatMap(({ sip }) => sip.received.filter(({ method }) => method === "BYE"));
  expect(byes).toEqual([]);

  holder.hangUp();
  await other.sip.next({ method: "BYE" });
  await Promise.all([baresip.next("CALL_CLOSED"), linphone.next("CALL_CLOSED")]);
}

describeWith(["kamailio", "kamcmd", "baresip", "linphone-daemon"], "hold across a cut", () => {
  for (const kind of ["baresip", "linphone"] as const) {
    test(`hold across a cut of 8 s: ${kind} holds before the cut is known and while it is known, and both calls live`, {
      timeout: LIMIT_MS,
    }, async () => {
      await Promise.all([holdAcross(kind, "before it is known", 0), holdAcross(kind, "while it is known", 1)]);
    });
  }
});
