/** A target that had said nothing when the member died: it is waited for anew, and its silence isn't held against it. */
import { describe, expect, test } from "vitest";
import { statusOf } from "../sip/message.ts";
import { PBX, PHONE, PHONE_2, SITE_YAML } from "../support/site.ts";
import { StoryPair } from "./support/story-pair.ts";

const FR_ms = 3_000;
const YAML = SITE_YAML.replace(
  "upstream: sip:198.51.100.10",
  `upstream: {targets: ["sip:198.51.100.10"], fr_timer: ${FR_ms}ms}`,
);

/** A call to which upstream says nothing, and the death of its member just before fr_timer is over. */
function unanswered() {
  const pair = new StoryPair(YAML);
  const { simulation } = pair;
  const phone = pair.a.site.actor("201", PHONE);
  const pbx = pair.a.site.actor("pbx", PBX).answers("INVITE");
  simulation.run(1_000);
  phone.invite("sip:900@198.51.100.10");
  simulation.run(FR_ms - 200);
  const [upstream] = pair.b.site.engine.peers.upstream;
  if (upstream === undefined) throw new Error("no upstream");
  const silences: string[] = [];
  upstream.onSilence = (method) => void silences.push(method);
  pair.kill();
  simulation.run(450);
  const statuses = () => phone.received.map(({ message }) => statusOf(message)).filter((status) => status > 100);
  return { pair, pbx, statuses, silences, run: (duration_ms: number) => simulation.run(duration_ms) };
}

describe("upstream had said nothing", () => {
  test("it has a whole fr_timer from then on", () => {
    const { statuses, run } = unanswered();
    run(FR_ms - 100);
    expect(statuses()).toEqual([]);
    run(200);
    expect(statuses()).toEqual([181]);
  });

  test("its silence to what the dead member had sent doesn't make it look dead", () => {
    const { pair, pbx, statuses, silences, run } = unanswered();
    run(FR_ms + 500);
    expect(statuses()).toEqual([181]);
    expect(silences).toEqual([]);
    const before = pbx.requests("INVITE").length;
    pair.a.site.actor("202", PHONE_2).invite("sip:901@198.51.100.10");
    run(100);
    expect(pbx.requests("INVITE").length).toBeGreaterThan(before);
  });

  test("its silence to what is sent here does", () => {
    const { pair, silences, run } = unanswered();
    pair.a.site.actor("202", PHONE_2).invite("sip:901@198.51.100.10");
    run(FR_ms + 500);
    expect(silences).toEqual(["INVITE"]);
  });
});
