/** The HTTP server has an answer to any octets, and opens nothing that it shouldn't. */

import { expect, test } from "vitest";
import { Web } from "../../src/app/observe/web.ts";
import fc from "../support/properties.ts";

const SECRET = "what only the password opens";
const web = new Web(
  { listen: [], password: "correct horse", names: [], metrics_from: [] },
  new Map([["/", { answer: () => ({ type: "text/plain", body: SECRET }) }]]),
  () => true,
  (path, error) => {
    throw new Error(`${path}: ${error}`);
  },
);

const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 400,
});
const piece = fc.oneof(
  octets,
  fc.constantFrom(
    "GET",
    "HEAD",
    "POST",
    " ",
    "/",
    "http://",
    "?",
    "%",
    "%zz",
    "HTTP/1.1",
    "HTTP/1.0",
    "\r\n",
    "\n",
    ":",
    "Host: x",
  ),
  fc.constantFrom(
    "Host: 10.0.0.1\r\n",
    "Authorization: Basic ",
    "Authorization: ",
    "Content-Length: 5",
    "Connection: close",
    ",",
    "=",
  ),
  octets.map((text) => Buffer.from(`:${text}`, "latin1").toString("base64")),
);

test("any octets have an answer of HTTP, and none is what the password guards", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), octets, (pieces, address) => {
      const { status, body } = web.answer(pieces.join(""), address);
      expect([400, 401, 403, 404, 405, 421, 505]).toContain(status);
      expect(body).not.toContain(SECRET);
    }),
    { numRuns: 3_000 },
  );
});

test("a request in any shape that has the password gets its page", () => {
  const path = fc.constantFrom("/", "/?", "/?a=%zz&b", "http://127.0.0.1/", "http://localhost:80/?x");
  const more = fc.array(fc.stringMatching(/^X-[A-Za-z]{1,8}: [ -~]{0,20}$/), { maxLength: 5 });
  fc.assert(
    fc.property(path, fc.stringMatching(/^[ -9;-~]{0,20}$/), more, (target, user, fields) => {
      const basic = Buffer.from(`${user}:correct horse`).toString("base64");
      const head = [`GET ${target} HTTP/1.1`, ...fields, "host: [::1]:8080", `authorization: basic ${basic}`].join(
        "\r\n",
      );
      expect(web.answer(head, "127.0.0.1")).toMatchObject({ status: 200, body: SECRET });
    }),
    { numRuns: 500 },
  );
});
