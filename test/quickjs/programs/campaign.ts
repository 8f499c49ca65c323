/**
 * The campaign as a program for QuickJS: SEED MESSAGES [CHUNK]. It runs chunk after chunk, each a campaign of its own with the next
 * seed, so that a long run can be stopped, and goes on another night: with `next_seed` and the rest of the messages. In JSON it says
 * what it finds, and at the end of a chunk what that came to, a line each. A seed comes to the same in every engine. Status 1: something
 * was found; where a sanitizer ends it, that is in the chunk of the last line's `next_seed`.
 */
import * as native from "native";
import { Campaign } from "../../fuzz/campaign.ts";
import { printJson } from "./print.ts";

/** Times under sanitizers say nothing. */
const NO_CLOCK = () => 0;
/** The last messages of a finding. */
const STEPS_MAX = 50;
const BAD_USAGE = 2;

/** Plays a chunk to its end. @param before messages of earlier chunks @returns with the chunk's, and its findings */
function runChunk(seed: number, messages: number, before: number): { readonly done: number; readonly found: number } {
  const campaign = new Campaign(seed, NO_CLOCK);
  let found = 0;
  for (let episode = 0; campaign.messages < messages; episode++) {
    campaign.runEpisode(episode);
    for (const { steps, ...finding } of campaign.findings.splice(0)) {
      found += 1;
      printJson({ finding: { ...finding, steps: steps.slice(-STEPS_MAX) } });
    }
    native.collectGarbage();
  }
  const done = before + campaign.messages;
  printJson({
    seed,
    messages: campaign.messages,
    ...campaign.traffic,
    signatures: native.sha256([...campaign.signatures].join("\n")),
    count: campaign.signatures.size,
    heap_bytes: native.heapUsed_bytes(),
    all_messages: done,
    next_seed: seed + 1,
  });
  return { done, found };
}

const [, seed = "1", messages = "200000", chunkMessages = "100000"] = native.argv();
const [first, all, most] = [Number(seed), Number(messages), Number(chunkMessages)];
if (![first, all, most].every((number) => Number.isSafeInteger(number) && number > 0)) {
  printJson({ usage: "SEED MESSAGES [CHUNK]" });
  native.exit(BAD_USAGE);
}
let found = 0;
for (let done = 0, at = first; done < all; at++) {
  const chunk = runChunk(at, Math.min(most, all - done), done);
  done = chunk.done;
  found += chunk.found;
}
if (found > 0) native.exit(1);
