/** A build that has no TLS says so of each key that wants it, before it starts. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";

describe("a program without TLS refuses what wants it, each key once", () => {
  const refused = (text: string) => {
    const fault = () => ({ key: "key", message: "mustn't be looked at" }) as const;
    const { problems } = loadConfig(text, String, fault, undefined, undefined, false);
    return problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
  };
  const none = "wants TLS, and this build of branchline has no TLS: use the package with Node, or";
  const net = "localnet: [10.222.237.0/24]\n";
  const tls = "tls: {certificate: a.pem, key: b.key}\n";

  test.each([
    ["the key alone", `listen: [udp:10.222.237.1]\n${net}${tls}`, [`3:6 tls: ${none} take the key out`]],
    [
      "a listener and the key",
      `listen:\n  - udp:10.222.237.1\n  - tls:10.222.237.1\n${net}${tls}`,
      [`3:5 listen[1]: tls:10.222.237.1:5061 ${none} take it out`, `5:6 tls: ${none} take the key out`],
    ],
    [
      "a listener in its long form",
      `listen: [{address: "tls:10.222.237.1:5071"}]\n${net}`,
      [`1:10 listen[0]: tls:10.222.237.1:5071 ${none} take it out`],
    ],
    [
      "upstream and a gateway",
      `listen: [udp:10.222.237.1]\n${net}upstream: sip:pbx.example.com;transport=tls\ngateways: ["sip:10.222.237.3;transport=tls"]\n`,
      [
        `3:11 upstream: sip:pbx.example.com;transport=tls ${none} name it by UDP or TCP`,
        `4:11 gateways: sip:10.222.237.3;transport=tls ${none} name it by UDP or TCP`,
      ],
    ],
    ["nothing of it", `listen: [udp:10.222.237.1]\n${net}upstream: sip:pbx.example.com\n`, []],
  ])("%s", (_, text, faults) => {
    expect(refused(text)).toEqual(faults);
  });

  test("one that wants TCP is told the same as ever", () => {
    expect(refused(`listen: [udp:10.222.237.1]\n${net}upstream: sip:192.0.2.1;transport=tcp\n`)).toEqual([
      "3:11 upstream: sip:192.0.2.1;transport=tcp wants TCP, and listen has no tcp: address; add one",
    ]);
  });
});
