/** The check that upstream doesn't dial out: what it must see, and what it must not take for a call to the PSTN. */
import { describe, expect, it } from "vitest";
import { Bindings } from "../../src/policy/phones/bindings.ts";
import { TRANSPORTS } from "../../src/transport/flow.ts";
import { request } from "../support/messages.ts";
import { DiallingWatch } from "./dialling.ts";
import { ORIGINS } from "./sites.ts";

const GATEWAY = ORIGINS.gateway.address;
const PBX_VIA = "SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKpbx";
const OUR_VIA = "SIP/2.0/UDP 10.222.237.1:5060;branch=z9hG4bKours";

/** The analogue port 201 of the gateway's box. */
const PORT_201 = {
  contact: "sip:201@10.10.1.3:5060",
  parameters: "",
  instance: "",
  flow: {
    listener: {
      index: 0,
      protocol: "udp",
      transport: TRANSPORTS.udp,
      address: "10.222.237.1",
      port: 5060,
      sentBy: "10.222.237.1",
    },
    address: GATEWAY,
    port: 5060,
  },
  callId: "1",
  cseq: 1,
  expires_ms: 60_000,
  heard_ms: 0,
  isAccepted: true,
} as const;

function site() {
  const bindings = new Bindings();
  const watch = new DiallingWatch(bindings);
  return {
    decide: (via = PBX_VIA) => watch.onDecision(request({ via: [via], uri: "sip:201@10.222.237.1" })),
    register: () => bindings.put("202@pbx.example.com", PORT_201),
    unregister: () => bindings.remove("202@pbx.example.com", "*"),
    isDialled: (user = "201", via = PBX_VIA) =>
      watch.isDialled(request({ via: [OUR_VIA, via], uri: `sip:${user}@${GATEWAY}` }), GATEWAY),
  };
}

describe("a call of upstream's at the gateway's address", () => {
  it("is one to the PSTN where no phone has registered from there", () => {
    const { decide, isDialled } = site();
    decide();
    expect(isDialled()).toBe(true);
  });

  it("is none for the user of a phone that had registered when it was decided about, though the phone goes meanwhile", () => {
    const { register, decide, unregister, isDialled } = site();
    register();
    decide();
    unregister();
    expect(["201", "202", "0900123"].map((user) => isDialled(user))).toEqual([false, false, true]);
  });

  it("is one where the phone has registered only after the decision, or went before it", () => {
    const { register, decide, unregister, isDialled } = site();
    decide();
    register();
    expect(isDialled()).toBe(true);
    unregister();
    decide("SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKlater");
    expect(isDialled("201", "SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKlater")).toBe(true);
  });

  it("is known by the source that we have seen, whatever its Via says", () => {
    const { isDialled } = site();
    expect(isDialled("201", "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx;received=198.51.100.10")).toBe(true);
    expect(isDialled("201", "SIP/2.0/UDP 198.51.100.10;branch=z9hG4bKx;received=10.222.237.21")).toBe(false);
  });

  it("is none that anybody forbids where it is for help", () => {
    expect(site().isDialled("112")).toBe(false);
  });
});
