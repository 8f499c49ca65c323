/** The file's `http`: what it becomes, what is a fault of it, and what `check` says. */
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { faults, LEAST, load } from "./files.ts";

const file = (http: string) => `${LEAST}http: ${http}\n`;
const faultsOf = (http: string) => faults(file(http)).map((fault) => fault.replace(/^\S+ /, ""));

describe("http", () => {
  test("is off where the file doesn't have it", () => {
    expect(load(LEAST).config.http).toBeUndefined();
  });

  test("is what the file says, with defaults for the rest", () => {
    expect(load(file("{listen: 10.222.237.1}")).config.http).toEqual({
      listen: [{ host: "10.222.237.1", port: 8080 }],
      password: undefined,
      names: [],
      metrics_from: [],
    });
    const whole = `{listen: [127.0.0.1:80, "::1", "[fd00::1]:81"], password: "a:b c d e", names: Router.Lan, metrics_from: [10.1.0.5, "fd01::/64"]}`;
    const { config, problems } = load(file(whole));
    expect(problems).toEqual([]);
    expect(config.http).toEqual({
      listen: [
        { host: "127.0.0.1", port: 80 },
        { host: "::1", port: 8080 },
        { host: "fd00::1", port: 81 },
      ],
      password: "a:b c d e",
      names: ["router.lan"],
      metrics_from: ["10.1.0.5", "fd01::/64"],
    });
  });

  test("is told by check", () => {
    const said = (http: string) =>
      describeConfig(load(file(http)).config)
        .split("\n")
        .filter((line) => /metrics|browsers/.test(line));
    expect(said('{listen: [10.222.237.1, "fd00::1"]}')).toEqual([
      "Answers browsers in the phones' networks at http://10.222.237.1:8080/, http://[fd00::1]:8080/, without a password.",
    ]);
    expect(said("{listen: 10.222.237.1, password: 12345678x, metrics_from: 10.1.0.5}")).toEqual([
      "Answers browsers in the phones' networks at http://10.222.237.1:8080/, with a password.",
      "10.1.0.5 may read the metrics there.",
    ]);
  });

  test.each([
    ["{}", 'http: lacks listen; add "listen: 10.222.237.1:8080"'],
    ["{listen: []}", "http.listen: is empty; name one of this router's own addresses, such as 10.222.237.1:8080"],
    ["{listen: 0.0.0.0:8080}", /every address, that of the WAN too/],
    ['{listen: "::"}', /every address/],
    ["{listen: eth0:8080}", /must be one of this router's own addresses/],
    ["{listen: 10.222.237.1:0}", /must be one of this router's own addresses/],
    ["{listen: [10.222.237.1, 10.222.237.1:8080]}", "http.listen[1]: is listed twice; remove one"],
    ["{listen: 198.51.100.1}", /listens on 198.51.100.1:8080, which is in the Internet/],
    ["{listen: 10.222.237.1, password: short}", "http.password: must have 8 to 128 characters of ASCII"],
    ["{listen: 10.222.237.1, password: größer als acht}", /8 to 128 characters of ASCII/],
    ["{listen: 10.222.237.1, names: 10.222.237.1}", /must be a DNS name/],
    ["{listen: 10.222.237.1, names: [http://x]}", /must be a DNS name/],
    ["{listen: 10.222.237.1, metrics_from: pbx.example.com}", /must be an address or a network/],
    ["{listen: 10.222.237.1, metrics_from: 0.0.0.0/0}", /must be an address or a network/],
    ["{listen: 10.222.237.1, metrics_from: 10.1.0.5/24}", /must be an address or a network/],
  ])("%s has a fault", (http, expected) => {
    expect(faultsOf(http)).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });

  test("may listen at an address in localnet that isn't private, and never where SIP listens over TCP", () => {
    const text = "listen: [udp:198.51.100.1:8080, tcp:198.51.100.1:80]\nlocalnet: [198.51.100.0/28]\n";
    expect(faults(`${text}http: {listen: "198.51.100.1:8080"}\n`)).toEqual([]);
    expect(faults(`${text}http: {listen: "198.51.100.1:80"}\n`)).toEqual([
      "3:7 http: listens on 198.51.100.1:80, where listen has SIP; give it another port",
    ]);
  });
});
