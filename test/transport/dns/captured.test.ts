/** Responses that servers of others have sent, and what they are taken for. */
import { expect, test } from "vitest";
import { type Query, readResponse } from "../../../src/transport/dns/message.ts";
import { queryFor } from "./codec-lab.ts";

const captured: readonly [string, Query["type"], string, string, unknown][] = [
  [
    "BIND 9.18: three CNAMEs",
    "A",
    "wWw.ExAmple.teST",
    "12348500000100050000000103775777074578416d706c650474655354000001000103777777076578616d706c65047465737400000500010000" +
      "00780005026131c026c03e00050001000000210005026132c026c04f0005000100000078000603706278c026c06000010001000000780004c000" +
      "0202c06000010001000000780004c000020100002904d0000000000000",
    { records: ["192.0.2.2", "192.0.2.1"], lifetime_ms: 33_000 },
  ],
  [
    "Unbound 1.17: NAPTR",
    "NAPTR",
    "ExamPLE.test",
    "123481800001000200000001074578616d504c4504746573740000230001c00c00230001000000660027003c000a0173075349502b4432540004" +
      "5f736970045f746370076578616d706c65047465737400c00c002300010000006600270032000a0173075349502b44325500045f736970045f75" +
      "6470076578616d706c6504746573740000002904d0000000000000",
    {
      records: [
        {
          order: 60,
          preference: 10,
          flags: "s",
          service: "SIP+D2T",
          regexp: "",
          replacement: "_sip._tcp.example.test",
        },
        {
          order: 50,
          preference: 10,
          flags: "s",
          service: "SIP+D2U",
          regexp: "",
          replacement: "_sip._udp.example.test",
        },
      ],
      lifetime_ms: 102_000,
    },
  ],
  [
    "dnsmasq 2.90: SRV",
    "SRV",
    "_sIp._uDp.eXample.test",
    "123481800001000200000001045f734970045f754470076558616d706c6504746573740000210001c00c002100010000011a00070014000013c4" +
      "00c00c002100010000011a0018000a003c13ce03706278076578616d706c6504746573740000002904d0000000000000",
    {
      records: [
        { priority: 20, weight: 0, port: 5060, target: "" },
        { priority: 10, weight: 60, port: 5070, target: "pbx.example.test" },
      ],
      lifetime_ms: 282_000,
    },
  ],
  [
    "BIND 9.18: no such name",
    "A",
    "noPe.example.TEST",
    "123485030001000000010001046e6f5065076578616d706c6504544553540000010001076578616d706c65047465737400000600010000004d00" +
      "21026e73c0230561646d696ec0230000000100000e1000000258000151800000004d00002904d0000000000000",
    { records: [], lifetime_ms: 77_000 },
  ],
];
test.each(captured)("%s", (_, type, name, hex, verdict) => {
  const wire = Buffer.from(hex, "hex").toString("latin1");
  expect(readResponse(wire, queryFor(type, name, { id: 0x1234 }))).toEqual(verdict);
});
