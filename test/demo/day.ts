/** `npm run demo`: a branch's day, step by step. Each step plays, checks what the actors saw, and says what happened. */
import { uriIn } from "../sip/message.ts";
import type { SipMessage } from "../sip/sip-message.ts";
import { BranchOffice, FR_TIMER_ms, NOTICE_HOLD_ms } from "./branch-office.ts";
import { programName } from "./branchline-process.ts";
import {
  check,
  checkTime,
  OUTSIDE_NUMBER,
  type Play,
  SOON_ms,
  type Step,
  seconds,
  TALK_ms,
  talkAndHangUp,
} from "./play.ts";
import { ONE_ROUTER } from "./screen/ladder.ts";
import type { Heard, OutgoingCall } from "./sip/outgoing-call.ts";
import { pause, within } from "./wait.ts";

/** Reserved for stories. */
const CUSTOMER_NUMBER = "5550188";
const BRANCH_NUMBER = "5550100";

const RETURN_LIMIT_ms = 20_000;
const SILENCE_ms = 1_700;
const STEPS: readonly Step<BranchOffice>[] = [
  {
    title: "phones register",
    story:
      "Morning. The three phones log on at the PBX at headquarters. branchline passes that on, and adds a Path: " +
      "the way by which the PBX's calls will find back into the branch.",
    expected: "200 OK for each, with a Path",
    async play({ devices: { phones, pbx }, branchline, proxy }) {
      await within(SOON_ms, "branchline finds the PBX alive", branchline.upstreamIs("up"));
      for (const phone of phones) {
        const { status } = await within(SOON_ms, `${phone.extension} registers`, phone.register());
        check(status === 200, `${phone.extension} was answered ${status}`);
        const [path = ""] = pbx.bindings.get(phone.extension)?.path ?? [];
        check(path.includes(`@${proxy.host}:${proxy.port};lr>`), `the PBX saw no Path for ${phone.extension}`);
      }
      return `${pbx.bindings.size} registered, with a Path`;
    },
  },
  {
    title: "a call inside",
    story: "201 calls a colleague, 202. As always, the call goes through the PBX at headquarters.",
    expected: "202 rings, answers, 201 hangs up",
    async play({ devices: { phones, pbx, gateway } }) {
      const [first, second] = phones;
      const ringing = second.rings();
      const call = first.dial(second.extension);
      const callee = await within(SOON_ms, "202 rings", ringing);
      await within(SOON_ms, "201 hears it ring", call.hears(180));
      await pause(TALK_ms);
      callee.answer();
      await within(SOON_ms, "201 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      await within(SOON_ms, "the PBX clears the call", pbx.clearedCalls.first());
      check(gateway.outsideCalls.length === 0, "the gateway was called too");
      return "rang, answered, hung up";
    },
  },
  {
    title: "outage, first call",
    story:
      "The link to headquarters breaks. All packets on it get lost. 201 calls a customer. branchline waits " +
      "4 seconds for the PBX, sends the phone a notice (181), and a second later sends the phone to the gateway (302).",
    expected: `302 after ${seconds(FR_TIMER_ms + NOTICE_HOLD_ms)}, then answered`,
    async play(office) {
      const [phone] = office.devices.phones;
      office.devices.pbx.die();
      const { call, notice_ms, redirect_ms } = await callThroughOutage(office, () => phone.dial(OUTSIDE_NUMBER));
      await talkAndHangUp(call);
      checkTime("the 181", notice_ms, FR_TIMER_ms);
      checkTime("the 302", redirect_ms, FR_TIMER_ms + NOTICE_HOLD_ms);
      return `302 after ${seconds(redirect_ms)}, then answered`;
    },
  },
  {
    title: "outage, next call",
    story: "Now branchline knows that the PBX is gone. 202 calls the customer, too, and doesn't wait for the PBX.",
    expected: "181 at once, then answered",
    async play(office) {
      const [, phone] = office.devices.phones;
      await within(SOON_ms, "branchline finds the PBX dead", office.branchline.upstreamIs("down"));
      const { call, notice_ms } = await callThroughOutage(office, () => phone.dial(OUTSIDE_NUMBER));
      await talkAndHangUp(call);
      checkTime("the 181", notice_ms, 0);
      return `181 after ${Math.round(notice_ms)} ms, then answered`;
    },
  },
  {
    title: "a customer calls",
    story: "A customer calls the branch over the telephone network. All phones ring; 203 is the quickest.",
    expected: "3 ring, 203 answers, others stop",
    async play({ devices: { phones, gateway }, proxy }) {
      const ringing = phones.map((phone) => phone.rings());
      const call = gateway.bringCall(CUSTOMER_NUMBER, BRANCH_NUMBER, proxy);
      const calls = await within(SOON_ms, "all phones ring", Promise.all(ringing));
      await within(SOON_ms, "the customer hears it ring", call.hears(180));
      await pause(TALK_ms);
      const answering = calls[2];
      answering?.answer();
      await within(SOON_ms, "the customer is answered", call.hears(200));
      for (const lost of calls.filter((one) => one !== answering)) {
        const cancel = await within(SOON_ms, "the other phones get CANCEL", lost.cancelled);
        check(saysAnswered(cancel), "a CANCEL lacks the Reason that keeps it out of the list of missed calls");
      }
      await talkAndHangUp(call);
      if (answering !== undefined) await within(SOON_ms, "203 is hung up", answering.ended);
      return "3 rang, 203 answered, 2 stopped";
    },
  },
  {
    title: "the PBX returns",
    story:
      "The link works again. The PBX answers branchline's probes. After a short hold, branchline sends the next " +
      "call to the PBX.",
    expected: "next call answered at the PBX",
    async play({ devices: { phones, pbx, gateway }, branchline }) {
      const [phone] = phones;
      const begin_ms = performance.now();
      pbx.revive();
      await within(RETURN_LIMIT_ms, "branchline trusts the PBX again", branchline.upstreamIs("up"));
      const back_ms = performance.now() - begin_ms;
      const locally = gateway.outsideCalls.length;
      const call = phone.dial(OUTSIDE_NUMBER);
      await within(SOON_ms, "201 is answered", call.hears(200));
      await talkAndHangUp(call);
      check(pbx.outsideCalls.includes(OUTSIDE_NUMBER), "the PBX saw no call");
      check(gateway.outsideCalls.length === locally, "the gateway was called too");
      return `back after ${seconds(back_ms)}, PBX answered`;
    },
  },
  {
    title: "a stranger",
    story:
      "Somebody from the internet (???) tries to telephone through the branch's gateway. branchline doesn't even answer.",
    expected: "no answer, gateway stays quiet",
    async play({ devices: { stranger, gateway }, gatewayAddress, proxy }) {
      const before = gateway.outsideCalls.length;
      const call = stranger.dialOut(OUTSIDE_NUMBER, gatewayAddress, proxy);
      await pause(SILENCE_ms);
      stranger.close();
      const [heard] = call.heard.all;
      check(heard === undefined, `the stranger was answered ${heard?.response.status}`);
      check(gateway.outsideCalls.length === before, "the gateway was called");
      return "no answer, gateway stayed quiet";
    },
  },
];

interface RedirectedCall {
  readonly call: OutgoingCall;
  /** From dialling to the 181 and the 302. */
  readonly notice_ms: number;
  readonly redirect_ms: number;
}

/** A call that meets no PBX, up to its answer at the gateway. */
async function callThroughOutage(office: BranchOffice, dial: () => OutgoingCall): Promise<RedirectedCall> {
  const { gateway } = office.devices;
  const callsBefore = gateway.outsideCalls.length;
  const call = dial();
  const after = ({ at_ms }: Heard) => at_ms - call.dialled_ms;
  const notice = await within(FR_TIMER_ms + SOON_ms, "181 comes", call.hears(181));
  const redirect = await within(NOTICE_HOLD_ms + SOON_ms, "302 comes", call.hears(302));
  const { host, port } = office.gatewayAddress;
  const contact = uriIn(redirect.response.header("contact"));
  check(contact === `sip:${OUTSIDE_NUMBER}@${host}:${port}`, `the 302 leads to ${contact}`);
  await within(SOON_ms, "the gateway answers", call.hears(200));
  check(gateway.outsideCalls.length === callsBefore + 1, "the gateway wasn't called exactly once");
  return { call, notice_ms: after(notice), redirect_ms: after(redirect) };
}

/** RFC 3326: phones don't list such a call as missed. */
function saysAnswered(cancel: SipMessage): boolean {
  return cancel.list("reason").some((reason) => reason.includes('"Call completed elsewhere"'));
}

export const DAY = dayOf(false);
/** The same day, with the status page to look at. */
export const DAY_WITH_PAGE = dayOf(true);

function dayOf(hasPage: boolean): Play<BranchOffice> {
  return {
    title: "A day in a branch office",
    layout: ONE_ROUTER,
    steps: STEPS,
    open: (ladder) =>
      BranchOffice.open({ watch: (sighting) => ladder.draw(sighting, "branchline"), onEdge: ladder.drawEdge, hasPage }),
    introduction: ({ page }) =>
      `The phones of a branch office (201, 202 and 203) belong to a PBX at headquarters. branchline stands between ` +
      `them, on the branch's router. A gateway connects the branch to the telephone network. branchline is the real ` +
      `one (${programName()}); the others are simulated, and talk to it over UDP on ` +
      `this machine's loopback addresses. ${page === undefined ? "" : `Its status page is ${page} . `}` +
      `This is all that branchline has been told:`,
    config: ({ config }) => config,
  };
}
