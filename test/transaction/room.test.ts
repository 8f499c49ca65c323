/** Little memory: how many requests find room, whose they are, and which of them always do. */
import { describe, expect, test } from "vitest";
import { limitsFor, PLENTY } from "../../src/base/limits.ts";
import { Lab, PHONE } from "./lab.ts";

const LIMITS = { ...PLENTY, unanswered: 100, transactions: 1_000, unansweredCharacters: 400_000 };
const BODY = "x".repeat(10_000);

let count = 0;
/** A new INVITE from an address arrives; whether it has opened a transaction. */
function opens(lab: Lab, address: string, body = ""): boolean {
  const branch = `z9hG4bKroom${++count}`;
  return lab.arrive({ via: [`SIP/2.0/UDP ${address};branch=${branch}`], body }, { ...PHONE, address }) !== undefined;
}

function opened(lab: Lab, address: string, times: number, body = ""): number {
  let all = 0;
  for (let time = 0; time < times; time++) if (opens(lab, address, body)) all += 1;
  return all;
}

describe("with a small heap", () => {
  test("two sources have what there is, 503 comes beyond, and a modest one still finds room", () => {
    const lab = new Lab(LIMITS);
    expect([opened(lab, "10.0.0.1", 200), opened(lab, "10.0.0.2", 200)]).toEqual([50, 50]);
    expect(lab.firstLines.at(-1)).toBe("503 Service Unavailable");
    expect(opened(lab, "10.0.0.3", 200)).toBe(20);
  });

  test("when modest sources have filled their room as well, what is urgent still has some, a modest source's most", () => {
    const lab = new Lab(LIMITS);
    opened(lab, "10.0.0.1", 200);
    opened(lab, "10.0.0.2", 200);
    opened(lab, "10.0.0.3", 200);
    expect(opens(lab, "10.0.0.4")).toBe(false);
    lab.isEverythingUrgent = true;
    expect(opened(lab, "10.0.0.1", 200)).toBe(10); // up to 1.3 times the limit
    expect(opened(lab, "10.0.0.4", 200)).toBe(20);
    expect(opened(lab, "10.0.0.1", 200)).toBe(0);
    expect(lab.layer.unanswered.size).toBe(150);
    expect(opened(lab, "10.0.0.5", 1)).toBe(0);
  });

  test("one source that calls itself urgent without end gets twenty more than its part", () => {
    const lab = new Lab(LIMITS);
    lab.isEverythingUrgent = true;
    expect(opened(lab, "10.0.0.1", 200)).toBe(70);
  });

  test("long requests count by their characters, and so do the copies of them that were sent", () => {
    const lab = new Lab(LIMITS);
    expect(opened(lab, "10.0.0.1", 100, BODY)).toBe(10); // a quarter of the characters
    const before = lab.layer.unanswered.characters;
    lab.send({ body: BODY });
    expect(lab.layer.unanswered.characters - before).toBeGreaterThan(BODY.length);
    lab.finish();
    expect(lab.layer.unanswered.characters - before).toBe(0);
  });

  test("and so does what was answered last, until the request is over", () => {
    const lab = new Lab(LIMITS);
    const server = lab.open();
    lab.layer.respond(server, 180, `SIP/2.0 180 Ringing\r\n\r\n${BODY}`, 0);
    expect(lab.layer.unanswered.characters).toBeGreaterThan(BODY.length);
    lab.reply(server, 486);
    lab.finish();
    expect(lab.layer.unanswered.characters).toBe(0);
  });

  test("long responses that linger make room for others, the oldest first", () => {
    const lab = new Lab({ ...LIMITS, lingeringCharacters: 30_000 });
    const options = (index: number) => ({
      method: "OPTIONS",
      cseq: "1 OPTIONS",
      via: [`SIP/2.0/UDP 10.222.237.21;branch=z9hG4bKlong${index}`],
    });
    for (let index = 0; index < 5; index++) {
      lab.layer.respond(lab.open(options(index)), 200, `SIP/2.0 200 OK\r\n\r\n${BODY}`, 0);
    }
    expect(lab.layer.lingering.size).toBe(2);
    expect(lab.arrive(options(4))).toBeUndefined(); // absorbed
    expect(lab.arrive(options(0))).toBeDefined();
  });

  test("the table of all transactions has room for what is urgent, too", () => {
    const lab = new Lab({ ...limitsFor(0), transactions: 4 });
    for (let index = 0; index < 6; index++) lab.send({}, `z9hG4bKclient${index}`);
    expect(opens(lab, "10.0.0.1")).toBe(false);
    expect(lab.layer.hits).toBe(1);
    lab.isEverythingUrgent = true;
    expect(opens(lab, "10.0.0.1")).toBe(false);
    const roomier = new Lab({ ...limitsFor(0), transactions: 5 });
    for (let index = 0; index < 6; index++) roomier.send({}, `z9hG4bKclient${index}`);
    expect(opens(roomier, "10.0.0.1")).toBe(false);
    roomier.isEverythingUrgent = true;
    expect(opens(roomier, "10.0.0.1")).toBe(true);
  });
});
