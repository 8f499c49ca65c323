/** Answers by HTTP: requests as text, senders, names, passwords and the table of paths. */
import { describe, expect, test } from "vitest";
import type { HttpSettings } from "../../src/app/config/load-http.ts";
import { readRequest } from "../../src/app/observe/http-request.ts";
import { routesOf } from "../../src/app/observe/routes.ts";
import { type Route, Web, WRONG_PASSWORD_DELAY_ms } from "../../src/app/observe/web.ts";

const PHONE = "10.222.237.21";
const HEADQUARTERS = "10.1.0.5";
const STRANGER = "198.51.100.7";

const fail = (path: string, error: unknown) => {
  throw new Error(`${path} has a fault: ${error}`);
};

const ROUTES = new Map<string, Route>([
  ["/", { answer: () => ({ type: "text/html", body: "<p>page" }) }],
  ["/metrics", { answer: () => ({ type: "text/plain", body: "up 1\n" }), isForMonitoring: true }],
  ["/healthz", { answer: () => ({ type: "text/plain", body: "ok\n" }), isOpen: true, isForMonitoring: true }],
  ["/echo", { answer: ({ query }) => ({ type: "text/plain", body: JSON.stringify([...query]) }) }],
  [
    "/broken",
    {
      answer: () => {
        throw new Error("never told");
      },
    },
  ],
]);

function web(settings: Partial<HttpSettings> = {}, onFault: (path: string, error: unknown) => void = fail): Web {
  const whole = { listen: [], password: undefined, names: [], metrics_from: [HEADQUARTERS], ...settings };
  return new Web(whole, ROUTES, (address) => address === PHONE, onFault, ["Router"]);
}

const head = (line: string, ...fields: readonly string[]) =>
  [line, "Host: 10.222.237.1:8080", ...fields].filter((one) => one !== "").join("\r\n");
const get = (path: string, ...fields: readonly string[]) => head(`GET ${path} HTTP/1.1`, ...fields);

describe("a request", () => {
  test("is read with its query, its fields and whom it asks", () => {
    const text =
      "GET /api/calls?to=%2B49%2030&to=2&x&%zz=%zz HTTP/1.1\r\nHOST: [FD00::1]:80\r\nAccept:a\r\naccept: b \r\n";
    expect(readRequest(text.trimEnd())).toEqual({
      method: "GET",
      path: "/api/calls",
      query: new Map([
        ["to", "+49 30"],
        ["x", ""],
        ["%zz", "%zz"],
      ]),
      fields: new Map([
        ["host", "[FD00::1]:80"],
        ["accept", "a, b"],
      ]),
      host: "[fd00::1]",
      isKept: true,
    });
  });

  test.each([
    ["without a host is of HTTP/1.0 alone", "GET / HTTP/1.0", { host: undefined, isKept: false }],
    [
      "with an absolute target asks that host",
      "GET http://evil.example:80/a?b HTTP/1.1\r\nHost: x",
      { host: "evil.example", path: "/a" },
    ],
    ["with a bare absolute target asks for its root", "GET http://x?b HTTP/1.1\r\nHost: y", { host: "x", path: "/" }],
    ["that wants the end has it", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive, Close", { isKept: false }],
    ["with a body ends the connection", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3", { isKept: false }],
    ["in pieces, too", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", { isKept: false }],
  ])("%s", (_, text, expected) => {
    expect(readRequest(text)).toMatchObject(expected);
  });

  test.each([
    ["", 400],
    ["GET /", 400],
    ["GET  / HTTP/1.1\r\nHost: x", 400],
    ["G@T / HTTP/1.1\r\nHost: x", 400],
    ["GET / HTTP/1.1", 400],
    ["GET / HTTP/1.1\r\nHost: x\r\nHost: y", 400],
    ["GET / HTTP/1.1\r\nHost: x y", 400],
    ["GET / HTTP/1.1\r\nHost: a@b", 400],
    ["GET / HTTP/1.1\r\nHost : x", 400],
    ["GET / HTTP/1.1\r\nHost: x\r\n folded", 400],
    ["GET * HTTP/1.1\r\nHost: x", 400],
    ["GET ../etc HTTP/1.1\r\nHost: x", 400],
    ["GET / HTTP/2.0\r\nHost: x", 505],
  ])("%j is none: %i", (text, status) => {
    expect(readRequest(text)).toBe(status);
  });
});

describe("a path", () => {
  test("answers GET, and HEAD without the body, and nothing else", () => {
    expect(web().answer(get("/"), PHONE)).toMatchObject({
      status: 200,
      body: "<p>page",
      isHeadOnly: false,
      isLast: false,
    });
    expect(web().answer(head("HEAD / HTTP/1.1"), PHONE)).toMatchObject({ status: 200, isHeadOnly: true });
    const post = web().answer(head("POST / HTTP/1.1"), PHONE);
    expect(post).toMatchObject({ status: 405, headers: { Allow: "GET, HEAD" } });
  });

  test("has its query", () => {
    expect(web().answer(get("/echo?a=1"), PHONE).body).toBe('[["a","1"]]');
  });

  test("that isn't there is 404, a head that is too long 431, what is no HTTP 400, and the connection ends after these two", () => {
    expect(web().answer(get("/nowhere"), PHONE)).toMatchObject({ status: 404, isLast: false });
    expect(web().answer(undefined, PHONE)).toMatchObject({ status: 431, isLast: true });
    expect(web().answer("hello", PHONE)).toMatchObject({ status: 400, isLast: true });
  });

  test("whose answer has a fault is 500 and tells nothing of it; the log does, once for each path", () => {
    const told: string[] = [];
    const one = web({}, (path, error) => void told.push(`${path}: ${error}`));
    const answer = one.answer(get("/broken"), PHONE);
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("never told");
    one.answer(get("/broken"), PHONE);
    expect(told).toEqual([expect.stringMatching(/^\/broken: .*never told/)]);
  });

  test("isn't cached, guessed or framed unless it says so", () => {
    expect(web().answer(get("/"), PHONE).headers).toMatchObject({
      "Cache-Control": "no-store",
      "Content-Type": "text/html",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": expect.stringContaining("frame-ancestors 'none'"),
    });
  });
});

describe("a sender", () => {
  test("gets an answer in localnet, on the router itself, and from where metrics are read", () => {
    const admitted = [PHONE, "127.0.0.1", "::1", HEADQUARTERS, STRANGER].map((address) => web().admits(address));
    expect(admitted).toEqual([true, true, true, true, false]);
  });

  test("that only reads metrics gets these and nothing else, not even what else there is", () => {
    const statuses = ["/metrics", "/healthz", "/", "/nowhere"].map(
      (path) => web().answer(get(path), HEADQUARTERS).status,
    );
    expect(statuses).toEqual([200, 200, 403, 403]);
  });
});

describe("a name", () => {
  const statusBy = (host: string) =>
    web({ names: ["pbx.example.com"] }).answer(`GET / HTTP/1.1\r\nHost: ${host}`, PHONE).status;

  test.each([
    "10.222.237.1",
    "192.0.2.1:8080",
    "[fd00::1]:8080",
    "localhost",
    "LOCALHOST:8080",
    "router",
    "pbx.example.com",
    "PBX.example.com.:8080",
  ])("%s is ours", (host) => {
    expect(statusBy(host)).toBe(200);
  });

  test.each(["evil.example", "10.222.237.1.evil.example", "evil.example:8080", "[::1", "0x7f.1", "2130706433", ""])(
    "%s isn't: a page from elsewhere reads nothing",
    (host) => {
      expect([400, 421]).toContain(statusBy(host));
    },
  );
});

describe("a password", () => {
  const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString("base64")}`;
  const guarded = web({ password: "correct: horse" });

  test("is asked for but for /healthz, and not told whether there is such a path", () => {
    for (const path of ["/", "/metrics", "/nowhere"]) {
      const answer = guarded.answer(get(path), PHONE);
      expect(answer).toMatchObject({
        status: 401,
        headers: { "WWW-Authenticate": expect.stringMatching(/^Basic realm=/) },
      });
      expect(answer.delay_ms).toBeUndefined();
    }
    expect(guarded.answer(get("/healthz"), PHONE).status).toBe(200);
  });

  test.each(["admin:correct: horse", ":correct: horse"])("opens with any user: %s", (credentials) => {
    expect(guarded.answer(get("/", basic(credentials)), PHONE).status).toBe(200);
  });

  test.each(["admin:correct: hors", "admin:correct: horsecorrect: horse", "admin:", "admin", "correct: horse:"])(
    "%s is wrong, and waits for its answer",
    (credentials) => {
      const answer = guarded.answer(get("/", basic(credentials)), PHONE);
      expect(answer).toMatchObject({ status: 401, delay_ms: WRONG_PASSWORD_DELAY_ms });
    },
  );

  test.each(["Bearer x", "Basic", "Basic !!!!", "Basic =", `Basic ${"A".repeat(4_000)}`])(
    "%s is no password",
    (value) => {
      expect(guarded.answer(get("/", `Authorization: ${value}`), PHONE).status).toBe(401);
    },
  );

  test("of each length of Base64 is read", () => {
    for (const password of ["12345678", "123456789", "1234567890", "~".repeat(128)]) {
      expect(web({ password }).answer(get("/", basic(`u:${password}`)), PHONE).status, password).toBe(200);
    }
  });
});

describe("/healthz", () => {
  const health = (...addresses: readonly (string | null)[]) => {
    const running = {
      addresses,
      status(): unknown {
        return { listen: this.addresses.map((address) => ({ name: "udp:eth0", address })) };
      },
    };
    const route = routesOf({ running } as never).get("/healthz");
    const request = readRequest(get("/healthz"));
    return typeof request === "number" ? undefined : route?.answer(request);
  };

  test("is well where branchline listens at one address at least", () => {
    expect(health("10.222.237.1", null)).toMatchObject({ body: "ok\n" });
    expect(health(null)).toMatchObject({ status: 503 });
  });
});
