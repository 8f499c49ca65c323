/** A kill at each moment of a call changes nothing of its ladder; with a gap, nothing of how it ends. */
import { describe, expect, test } from "vitest";
import { cseqMethodOf, header, methodOf, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { type Cast, FR_ms, firsts, play, SCENES, type Scene } from "./support/story-scenes.ts";

/** What a gap of 400 ms can cost: the caller's or the callee's next retransmissions (T1, 2·T1), and T1 and its answer. */
const LATE_ms = 400 + 500 + 1_000 + 1_000;

/** What a silent upstream is waited for anew. */
const anew_ms = ({ silent }: Scene) => (silent === undefined ? 0 : FR_ms);

/** The moments of a scene's ladder: before each message leaves, just after, and the same where it arrives. */
function moments({ pair }: Cast, { call_ms = 1_000, silent }: Scene, offsets_ms: readonly number[]): number[] {
  const found = new Set<number>();
  for (const { at_ms } of pair.simulation.sightings) {
    for (const offset_ms of offsets_ms) found.add(at_ms - call_ms + offset_ms);
  }
  const first_ms = silent === "at first" ? FR_ms : Number.NEGATIVE_INFINITY;
  return [...found].filter((at_ms) => at_ms > first_ms).sort((a, b) => a - b);
}

const told = (entries: readonly (readonly [string, number])[]) => entries.map(([what, at_ms]) => `${at_ms} ${what}`);

/** How the ladder differs when A dies at this moment; "": it doesn't. */
function differenceAt(scene: Scene, kill_ms: number, expected: Map<string, number>): string {
  const long = { ...scene, duration_ms: scene.duration_ms + anew_ms(scene) };
  const found = firsts(scene, play(long, { at_ms: kill_ms, how: (pair) => pair.kill("a", 0, 0) }));
  const isAsBefore = ([what, at_ms]: readonly [string, number]) => {
    const late_ms = (found.get(what) ?? Number.NaN) - at_ms;
    return late_ms === 0 || (late_ms > 0 && late_ms <= anew_ms(scene));
  };
  const missing = [...expected].filter((entry) => !isAsBefore(entry));
  const more = [...found].filter(([what]) => !expected.has(what));
  if (missing.length + more.length === 0) return "";
  return [
    `killed at ${kill_ms}, expected:`,
    ...told(missing),
    "found:",
    ...told(more),
    "in all:",
    ...told([...found]),
  ].join("\n");
}

describe("the address moves in the moment in which its member dies: the ladder is the same", () => {
  test.each(SCENES)("$name", (scene) => {
    const whole = play(scene);
    const expected = firsts(scene, whole);
    const differences = moments(whole, scene, [0, 2, 5, 7]).map((kill_ms) => differenceAt(scene, kill_ms, expected));
    const found = differences.filter((one) => one !== "");
    expect(found.slice(0, 2).join("\n\n"), `${found.length} of ${differences.length} kills`).toBe("");
  });
});

const finalsTo = (actor: Actor) =>
  actor.received.filter(({ message }) => statusOf(message) >= 200 && cseqMethodOf(message) === "INVITE");

/** How it ends: the caller's final responses, and how many INVITEs each callee has seen, each counted once. */
function endOf({ phone, gateway, second, pbx, members }: Cast) {
  const callees = [gateway, second, pbx, ...members];
  const invites = callees.map(
    (callee) => new Set(callee.requests("INVITE").map(({ message }) => header(message, "via"))).size,
  );
  const last_ms = Math.max(
    ...[phone, gateway].flatMap((caller) =>
      finalsTo(caller)
        .slice(0, 1)
        .map(({ at_ms }) => at_ms),
    ),
  );
  const finals = [phone, gateway].map((caller) => [
    ...new Set(finalsTo(caller).map(({ message }) => statusOf(message))),
  ]);
  const ringing = callees.flatMap((callee) => leftRinging(callee));
  return { finals, invites, last_ms, ringing };
}

/** Callees that ring on when all is over: neither have they answered, nor has anybody sent them CANCEL. */
function leftRinging(callee: Actor): string[] {
  const invites = callee.requests("INVITE");
  const isEnded = callee.received.some(({ message }) => ["ACK", "CANCEL"].includes(methodOf(message)));
  const rings = callee.habits.get("INVITE")?.some(({ status }) => status === 180) === true;
  return invites.length > 0 && rings && !isEnded ? [callee.name] : [];
}

describe("the address comes 300 ms later, and the death is known after 400 ms: the call ends the same", () => {
  /** A 180 that nobody hears isn't sent again: whether its sender rings on is a matter of luck, with one router too. */
  const scenes = SCENES.filter(({ name }) => !name.includes("180"));
  test.each(scenes)("$name", (scene) => {
    const whole = play(scene);
    const expected = endOf(whole);
    const late = { ...scene, duration_ms: scene.duration_ms + 8_000 + anew_ms(scene) };
    const differences = moments(whole, scene, [0, 2]).flatMap((kill_ms) => {
      const { last_ms, ...end } = endOf(play(late, { at_ms: kill_ms, how: (pair) => pair.kill() }));
      const { last_ms: expected_ms, ...expectedEnd } = expected;
      const isSame =
        JSON.stringify(end) === JSON.stringify(expectedEnd) && last_ms - expected_ms <= LATE_ms + anew_ms(scene);
      return isSame ? [] : [`killed at ${kill_ms}: ${JSON.stringify(end)}, ${last_ms - expected_ms} ms late`];
    });
    expect(differences, JSON.stringify(expected)).toEqual([]);
  });
});
