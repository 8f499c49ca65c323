/** A server of short questions over real sockets: at an address as at a path, each connection gets one answer and its end. */
import * as net from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { AnswerServer, PATIENCE_ms, QUESTIONS_MAX } from "../../src/io/node/answer-server.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { until } from "./stream-lab.ts";

const AT = new Subnet(58).at(1);

cleanUpAfterEach();

async function open(at: net.ListenOptions, end = "\r\n\r\n"): Promise<void> {
  const server = new AnswerServer(at, { end, answer: (question) => `heard ${question}`, tooMany: "too many" });
  await server.open();
  defer(() => server.close());
}

/** All that comes until the connection ends. */
function ask(at: net.NetConnectOpts, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = net.connect(at, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => {
      heard += piece;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(heard));
  });
}

test("at an address a question ends as the server is told, and what follows isn't read", async () => {
  await open(AT);
  expect(await ask(AT, "GET / HTTP/1.1\r\nHost: größe\r", "\n\r\nmore\r\n\r\n")).toBe(
    "heard GET / HTTP/1.1\r\nHost: größe",
  );
});

test("at a path too", async () => {
  const path = join(temporaryFolder(), "questions.sock");
  await open({ path }, "\n");
  expect(await ask({ path }, "you?\n")).toBe("heard you?");
});

test("a question without end is ended, once it is too long or its time is over", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  defer(() => void vi.useRealTimers());
  await open(AT);
  expect(await ask(AT, "x".repeat(33_000))).toBe("");
  let isOver = false;
  const slow = ask(AT, "GET ").then((heard) => {
    isOver = true;
    return heard;
  });
  await until("its patience is counted", () => vi.getTimerCount() === 1);
  vi.advanceTimersByTime(PATIENCE_ms - 1);
  expect(isOver).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await slow).toBe("");
});

test("one question more than are answered at once hears that", async () => {
  await open(AT);
  for (let count = 0; count < QUESTIONS_MAX; count++) {
    const socket = net.connect(AT);
    await new Promise((resolve) => socket.once("connect", resolve));
    defer(() => socket.destroy());
  }
  expect(await ask(AT, "\r\n\r\n")).toBe("too many");
});

test("a place that another has is an error", async () => {
  await open(AT);
  await expect(open(AT)).rejects.toThrow("EADDRINUSE");
});
