/** Listening for phones: how long, and what ends it. */
import { expect, test } from "vitest";
import { listen, openEars } from "../../src/io/node/ears.ts";

const HOUR_ms = 3_600_000;

test("what is enough ends the listening, and nobody waits for the rest of the time", async () => {
  const ears = await openEars([{ address: "127.62.7.1", port: 5060 }]);
  let tell = () => {};
  const enough = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const over = listen(ears, {
    duration_ms: HOUR_ms,
    enough,
    ask: () => ({ known: [], strangers: [] }),
    wire: () => "",
    hear: () => {},
  });
  tell();
  await over;
  // Its sockets are closed, so the port is free.
  const [again] = await openEars([{ address: "127.62.7.1", port: 5060 }]);
  expect(again?.isTaken).toBe(false);
  again?.socket.close();
});
