/** Webhooks over real TLS: what is sent, which certificates are believed, and a receiver that is away for a while. */
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DeliveryQueue } from "../../src/app/observe/delivery-queue.ts";
import { type Carried, Deliveries } from "../../src/io/node/deliveries.ts";
import { post, type Webhook } from "../../src/io/node/webhook.ts";
import { CertificateAuthority } from "../peers/support/certificates.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { describeWith } from "../peers/support/peers.ts";
import { SilentLog } from "../support/silent-log.ts";

cleanUpAfterEach();

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A receiver of webhooks at a port of 127.0.0.1. */
class Receiver {
  readonly requests: Request[] = [];
  status = 204;
  /** Answers nothing. */
  isMute = false;
  port = 0;
  readonly authority = new CertificateAuthority();
  private server: Server | undefined;
  private readonly names: string;

  constructor(names = "IP:127.0.0.1") {
    this.names = names;
    defer(() => this.close());
  }

  /** Again at the same port, once it has had one. */
  async open(): Promise<this> {
    const { certificate, key } = this.authority.issue("hooks", this.names);
    const { readFileSync } = await import("node:fs");
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { method, url, headers } = request;
        this.requests.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
        if (!this.isMute) response.writeHead(this.status, { connection: "close" }).end("x".repeat(50_000));
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", () => resolve()));
    const at = server.address();
    if (at !== null && typeof at === "object") this.port = at.port;
    this.server = server;
    return this;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  hook(changes: Partial<Webhook> = {}): Webhook {
    const { port, authority } = this;
    return {
      host: "127.0.0.1",
      port,
      path: "/hook?branch=17",
      ca: authority.file,
      authorization: undefined,
      ...changes,
    };
  }
}

describeWith(["openssl"], "a webhook", () => {
  test("gets one POST with the JSON as it is, in UTF-8, and the Authorization of the file", async () => {
    const receiver = await new Receiver().open();
    const authorization = join(receiver.authority.folder, "token");
    writeFileSync(authorization, "Bearer abc\nX-Forged: 1\n");
    const json = '{"event":"upstream_down","router":"Büro"}';
    expect(await post(receiver.hook({ authorization }), json, 5_000)).toEqual({ status: 204 });
    expect(receiver.requests).toHaveLength(1);
    const { method, url, headers, body } = receiver.requests[0] as Request;
    expect([method, url, body]).toEqual(["POST", "/hook?branch=17", json]);
    expect(headers).toMatchObject({
      host: `127.0.0.1:${receiver.port}`,
      authorization: "Bearer abc",
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(json)),
    });
    expect(headers).not.toHaveProperty("x-forged");
  });

  test.each([200, 302, 404, 500])("tells its status: %i", async (status) => {
    const receiver = await new Receiver().open();
    receiver.status = status;
    expect(await post(receiver.hook(), "{}", 5_000)).toEqual({ status });
  });

  test("whose certificate is of nobody known, or has another name, gets nothing, whatever the environment says", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    defer(() => void delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    const receiver = await new Receiver().open();
    const other = new CertificateAuthority("Another CA");
    expect(await post(receiver.hook({ ca: other.file }), "{}", 5_000)).toEqual({
      error: expect.stringContaining("hooks.ca doesn't hold"),
    });
    const misnamed = await new Receiver("DNS:other.example.com").open();
    expect(await post(misnamed.hook(), "{}", 5_000)).toEqual({ error: expect.stringMatching(/altnames|IP/i) });
    expect([...receiver.requests, ...misnamed.requests]).toEqual([]);
  });

  test("that isn't there, says nothing, or speaks no TLS is an error within its limit", async () => {
    const receiver = await new Receiver().open();
    receiver.isMute = true;
    expect(await post(receiver.hook(), "{}", 300)).toEqual({ error: "no answer in 0.3 s" });
    await receiver.close();
    expect(await post(receiver.hook(), "{}", 5_000)).toEqual({ error: expect.stringContaining("ECONNREFUSED") });
    expect(await post(receiver.hook({ ca: "/nowhere/ca.pem" }), "{}", 5_000)).toEqual({
      error: expect.stringContaining("ENOENT"),
    });
    const { createServer: plain } = await import("node:net");
    const server = plain((socket) => socket.on("error", () => {}).end("SSH-2.0-x\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    defer(() => void server.close());
    const at = server.address();
    const port = at !== null && typeof at === "object" ? at.port : 0;
    expect(await post(receiver.hook({ port }), "{}", 5_000)).toEqual({ error: expect.any(String) });
  });

  test("that is away for a while gets all events that happened meanwhile, in order", async () => {
    const receiver = await new Receiver().open();
    const carry = async (json: string): Promise<Carried> => {
      const posted = await post(receiver.hook(), json, 2_000);
      return "status" in posted ? { how: "taken", why: "" } : { how: "failed", why: posted.error };
    };
    const log = new SilentLog();
    const deliveries = new Deliveries("hook", new DeliveryQueue({ most: 50, keep_ms: 60_000 }), carry, log);
    defer(() => deliveries.close());
    const numbers = Array.from({ length: 30 }, (_, index) => `{"n":${index}}`);
    for (const one of numbers.slice(0, 10)) deliveries.add(one);
    await expect.poll(() => receiver.requests.length).toBe(10);
    await receiver.close();
    for (const one of numbers.slice(10, 20)) deliveries.add(one);
    await expect.poll(() => log.lines).toEqual([expect.stringMatching(/^warn delivery_failed .*ECONNREFUSED/)]);
    await receiver.open();
    for (const one of numbers.slice(20)) deliveries.add(one);
    await expect.poll(() => receiver.requests.map(({ body }) => body)).toEqual(numbers);
    await expect.poll(() => log.lines.slice(1)).toEqual(["info delivery_works to=hook"]);
  });
});

test("what waits when branchline ends is counted", () => {
  const log = new SilentLog();
  const queue = new DeliveryQueue({ most: 2, keep_ms: 60_000 });
  const deliveries = new Deliveries("hook", queue, () => new Promise(() => {}), log);
  for (const text of ["one", "two", "three", "four"]) deliveries.add(text);
  deliveries.close();
  expect(log.lines).toEqual(["warn delivery_lost to=hook events=4"]);
});
