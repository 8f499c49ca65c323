/** Upstream's address can be forged: what comes from there ends at no gateway unless the file says so. */
import { describe, expect, it, test } from "vitest";
import { hints } from "../app/files.ts";
import { write } from "../sip/build.ts";
import { header, headers, requestUriOf, uriIn } from "../sip/message.ts";
import { GATEWAY, LAN, PBX, PHONE, SITE_YAML, Site, WAN } from "../support/site.ts";

const MAY = SITE_YAML.replace(
  "upstream: sip:198.51.100.10",
  "upstream: {targets: sip:198.51.100.10, may_dial_out: true}",
);

function site(yaml = SITE_YAML) {
  const made = new Site(yaml);
  const pbx = made.actor("pbx", PBX, WAN).answers("INVITE", { status: 200 });
  const gateway = made.actor("gateway", GATEWAY).answers("INVITE", { status: 200 });
  made.run(100);
  return { made, pbx, gateway };
}

describe("upstream's trunk ends at our own address", () => {
  const calls = (yaml: string, uri: string, method = "INVITE") => {
    const all = site(yaml);
    const phone = all.made.actor("201", PHONE).answers("INVITE", { status: 200 });
    all.pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:201@10.222.237.21:5060>;expires=300"] });
    phone.request("REGISTER", "sip:pbx.example.com");
    all.made.run(500);
    all.pbx.request(method, uri);
    all.made.run(500);
    return {
      dialled: all.gateway.requests("INVITE").map(({ message }) => requestUriOf(message)),
      rung: phone.requests("INVITE").length,
      refused: all.pbx.responses(404, method).map(({ message }) => message.startLine),
    };
  };

  it("a number of no phone leaves by a gateway, where the file lets upstream dial out", () => {
    expect(calls(MAY, "sip:0301234@203.0.113.2")).toEqual({
      dialled: ["sip:0301234@10.10.1.3"],
      rung: 0,
      refused: [],
    });
  });

  it.each([
    ["an extension rings", "sip:201@203.0.113.2", 1, []],
    [
      "a number as long as extensions is a phone that isn't there",
      "sip:202@203.0.113.2",
      0,
      ["SIP/2.0 404 No Such Phone Here"],
    ],
    ["a name is no number", "sip:x.y@203.0.113.2", 0, ["SIP/2.0 404 No Such Phone Here"]],
  ])("%s", (_, uri, rung, refused) => {
    expect(calls(MAY, uri)).toEqual({ dialled: [], rung, refused });
  });

  it.each(["INVITE", "MESSAGE"])("%s: not where the file doesn't let it", (method) => {
    const { dialled, refused } = calls(SITE_YAML, "sip:0301234@203.0.113.2", method);
    expect([dialled, refused]).toEqual([[], ["SIP/2.0 404 No Such Phone Here"]]);
    expect(calls(MAY, "sip:0301234@203.0.113.2", "MESSAGE").dialled).toEqual([]);
  });
});

describe("upstream may not dial out", () => {
  it.each(["INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "NOTIFY", "REGISTER", "PUBLISH", "INFO", "WHATEVER"])(
    "%s to the gateway gets 403",
    (method) => {
      const { made, pbx, gateway } = site();
      pbx.request(method, "sip:0900123@10.10.1.3");
      made.run(500);
      expect(pbx.responses(403, method)).toHaveLength(1);
      expect(gateway.requests(method)).toEqual([]);
    },
  );

  it.each([
    ["its port in words", "sip:0900123@10.10.1.3:5060", []],
    ["another port of it", "sip:0900123@10.10.1.3:5061", []],
    ["parameters behind it", "sip:0900123@10.10.1.3;user=phone;transport=udp", []],
    ["maddr", "sip:0900123@10.222.237.21;maddr=10.10.1.3", []],
    ["the scheme in capitals", "SIP:0900123@10.10.1.3", []],
    ["a Route to it", "sip:0900123@pbx.example.com", ["Route: <sip:10.10.1.3;lr>"]],
    ["our own Route before it", "sip:0900123@10.10.1.3", ["Route: <sip:203.0.113.2;lr>"]],
    ["both Routes", "sip:0900123@10.10.1.3", ["Route: <sip:203.0.113.2;lr>, <sip:10.10.1.3;lr>"]],
    ["a strict Route", "sip:203.0.113.2;lr", ["Route: <sip:0900123@10.10.1.3>"]],
    ["a tel URI and a Route to it", "tel:+490900123", ["Route: <sip:10.10.1.3;lr>"]],
  ])("however it names it: %s", (_, uri, routes) => {
    const { made, pbx, gateway } = site();
    pbx.request("INVITE", uri, routes);
    made.run(500);
    expect(gateway.requests("INVITE")).toEqual([]);
    expect(pbx.responses(200, "INVITE")).toEqual([]);
  });

  it.each(["INVITE", "REFER", "MESSAGE", "UPDATE", "SUBSCRIBE"])(
    "a To tag that it has made up changes nothing for %s",
    (method) => {
      const { made, pbx, gateway } = site();
      made.names.set("gw.example.net", [GATEWAY]);
      for (const host of ["10.10.1.3", "10.10.1.3:5070", "gw.example.net"]) {
        const wire = [
          "Via: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKx;rport",
          "Max-Forwards: 70",
          "From: <sip:a@b>;tag=1",
          "To: <sip:c@d>;tag=2",
          `Call-ID: ${host}`,
          `CSeq: 1 ${method}`,
          "Contact: <sip:a@198.51.100.10>",
        ];
        pbx.send(
          write(
            `${method} sip:0900123@${host} SIP/2.0`,
            wire.map((one) => one.replace("z9hG4bKx", `z9hG4bK${host}`)),
          ),
        );
      }
      made.run(5_000);
      expect(gateway.requests(method)).toEqual([]);
      expect(pbx.responses(403, method)).toHaveLength(3);
    },
  );

  it.each(["INVITE", "REFER", "MESSAGE", "UPDATE"])(
    "%s within a call with a phone goes to no name: DNS could lead it to the gateway",
    (method) => {
      const { made, pbx, gateway } = site();
      made.names.set("gw.example.net", [GATEWAY]);
      const phone = made.actor("201", PHONE);
      phone.invite("sip:300@pbx.example.com");
      made.run(500);
      const invite = pbx.seen("INVITE");
      pbx.send(
        write(`${method} sip:0900123@gw.example.net SIP/2.0`, [
          "Via: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKname",
          "Max-Forwards: 70",
          ...headers(invite, "record-route").map((route) => `Route: ${route}`),
          "From: <sip:300@pbx.example.com>;tag=pbx-tag",
          `To: ${header(invite, "from")}`,
          `Call-ID: ${header(invite, "call-id")}`,
          `CSeq: 7 ${method}`,
          "Contact: <sip:300@198.51.100.10>",
        ]),
      );
      made.run(5_000);
      expect(gateway.requests(method)).toEqual([]);
      expect(pbx.responses(403, method)).toHaveLength(1);
    },
  );

  it("OPTIONS may look whether the gateway lives", () => {
    const { made, pbx } = site();
    pbx.request("OPTIONS", "sip:10.10.1.3");
    made.run(500);
    expect(pbx.responses(200, "OPTIONS")).toHaveLength(1);
  });

  it("an emergency number reaches the gateway: headquarters sends the branch's 112 back", () => {
    const { made, pbx, gateway } = site(`${SITE_YAML}emergency: ["112"]\n`);
    pbx.invite("sip:112@10.10.1.3");
    pbx.invite("sip:1122@10.10.1.3");
    made.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(1);
    expect(header(gateway.seen("INVITE"), "to")).toContain("112@");
    expect([pbx.responses(200, "INVITE"), pbx.responses(403)].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("what belongs to a call passes: a call from the PSTN that upstream has answered", () => {
    const { made, pbx, gateway } = site(`${SITE_YAML}inbound: upstream-first\n`);
    gateway.invite("sip:5550100@10.222.237.1");
    made.run(500);
    const invite = pbx.seen("INVITE");
    for (const [index, method] of ["INVITE", "INFO", "UPDATE", "REFER", "BYE"].entries()) {
      gateway.answers(method, { status: 200 });
      pbx.inDialogAsCallee(method, invite, index + 1);
      made.run(500);
      expect(gateway.requests(method), method).toHaveLength(1);
    }
    expect(pbx.responses(403)).toEqual([]);
  });

  it("an emergency call that it has begun can be held, and ended by either side", () => {
    const { made, pbx, gateway } = site(`${SITE_YAML}emergency: ["112"]\n`);
    pbx.invite("sip:112@10.10.1.3");
    made.run(500);
    const answer = pbx.got(200, "INVITE");
    pbx.inDialog("INVITE", answer, 2);
    made.run(500);
    pbx.inDialog("BYE", answer, 3);
    made.run(500);
    expect([gateway.requests("INVITE").length, gateway.requests("BYE").length]).toEqual([2, 1]);
  });

  it("a phone behind the gateway's address is called by Path and by its Contact, and is no way out", () => {
    const fxs = { address: GATEWAY.address, port: 5062 };
    const { made, pbx } = site(SITE_YAML.replace("localnet: [", "localnet: [10.10.1.3/32, "));
    const phone = made.actor("205", fxs).answers("INVITE", { status: 200 });
    pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:205@10.10.1.3:5062>;expires=300"] });
    phone.request("REGISTER", "sip:pbx.example.com");
    made.run(500);
    const path = headers(pbx.seen("REGISTER"), "path")[0] ?? "";
    pbx.request("INVITE", "sip:205@10.10.1.3:5062", [`Route: ${path}`]);
    made.run(500);
    pbx.request("INVITE", "sip:205@10.10.1.3:5062");
    made.run(500);
    expect(phone.requests("INVITE")).toHaveLength(2);
    pbx.request("INVITE", "sip:0900123@10.10.1.3:5062");
    made.run(500);
    expect(phone.requests("INVITE")).toHaveLength(2);
  });

  it("with one port for gateway and phone the number decides", () => {
    const { made, pbx, gateway } = site(SITE_YAML.replace("localnet: [", "localnet: [10.10.1.3/32, "));
    pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:gateway@10.10.1.3:5060>;expires=300"] });
    gateway.request("REGISTER", "sip:pbx.example.com");
    made.run(500);
    const path = headers(pbx.seen("REGISTER"), "path")[0] ?? "";
    for (const user of ["0900123", "gateway"]) {
      for (const routes of [[], [`Route: ${path}`]]) pbx.request("INVITE", `sip:${user}@10.10.1.3:5060`, routes);
    }
    made.run(500);
    expect(gateway.requests("INVITE").map(({ message }) => header(message, "to"))).toEqual([
      "<sip:gateway@10.10.1.3:5060>",
      "<sip:gateway@10.10.1.3:5060>",
    ]);
    expect(pbx.responses(403)).toHaveLength(2);
  });

  it("a Contact of ours that stands for a number at the gateway's own port lasts as long as its registration", () => {
    const yaml = `${SITE_YAML.replace("localnet: [", "localnet: [10.10.1.3/32, ")}registration: contact\n`;
    const { made, pbx, gateway } = site(yaml);
    gateway.as("0900123").request("REGISTER", "sip:pbx.example.com");
    made.run(500);
    const hidden = uriIn(header(pbx.seen("REGISTER"), "contact"));
    const call = (all: ReturnType<typeof site>) => {
      all.pbx.invite(hidden);
      all.made.run(500);
      return [all.gateway.requests("INVITE").length, all.pbx.responses(403, "INVITE").length];
    };
    pbx.answers("REGISTER", { status: 200, extra: [`Contact: <${hidden}>;expires=300`] });
    gateway.request("REGISTER", "sip:pbx.example.com");
    made.run(500);
    expect(call({ made, pbx, gateway })).toEqual([1, 0]);
    expect(call(site(yaml))).toEqual([0, 1]);
  });

  it("phones still may", () => {
    const { made, gateway } = site();
    made.actor("201", PHONE, LAN).invite("sip:0900123@10.10.1.3");
    made.run(500);
    expect(gateway.requests("INVITE")).toHaveLength(1);
  });
});

test("with upstream.may_dial_out it reaches the gateway as it always did", () => {
  const { made, pbx, gateway } = site(MAY);
  pbx.invite("sip:0900123@10.10.1.3");
  pbx.request("MESSAGE", "sip:0900123@10.10.1.3");
  made.run(500);
  expect([gateway.requests("INVITE").length, gateway.requests("MESSAGE").length]).toEqual([1, 1]);
  expect(pbx.responses(200, "INVITE")).toHaveLength(1);
});

test("check hints at a file that doesn't say it, and only where there is something to say", () => {
  const hint = expect.stringMatching(/upstream .*calls there get 403 now; write may_dial_out: true if/);
  expect(hints(SITE_YAML, [])).toEqual([hint]);
  expect(hints(SITE_YAML.replace("sip:198.51.100.10", "{targets: sip:198.51.100.10}"), [])).toEqual([hint]);
  const silent = [
    MAY,
    MAY.replace("true", "false"),
    SITE_YAML.replace(/gateways.*/, ""),
    SITE_YAML.replace(/upstream.*/, ""),
  ];
  for (const yaml of silent) expect(hints(yaml, [])).toEqual([]);
  expect(hints(SITE_YAML, undefined)).toEqual([]);
});

describe("an analogue port of the gateway's box has registered", () => {
  const calls = (uri: string, extra: readonly string[]) => {
    const { made, pbx, gateway } = site();
    const port = made.actor("203", { ...GATEWAY, port: 5062 }).answers("INVITE", { status: 200 });
    pbx.answers("REGISTER", { status: 200, extra: ["Contact: <sip:203@10.10.1.3:5062>;expires=300"] });
    port.request("REGISTER", "sip:pbx.example.com");
    made.run(500);
    pbx.request("INVITE", uri, extra);
    made.run(500);
    return {
      dialled: gateway.requests("INVITE").map(({ message }) => requestUriOf(message)),
      refused: pbx.responses(403, "INVITE").length,
    };
  };

  it.each([
    ["without a Route", []],
    ["with a Route of a strict router that has the port's number", ["Route: <sip:203@10.222.237.23>"]],
  ])("upstream's call to a number at the gateway's own port is refused %s", (_what, extra) => {
    expect(calls("sip:5550@10.10.1.3", extra)).toEqual({ dialled: [], refused: 1 });
    expect(calls("sip:5550@10.10.1.3;gr=x", extra)).toEqual({ dialled: [], refused: 1 });
  });
});
