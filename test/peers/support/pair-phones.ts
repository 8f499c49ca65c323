/** Phones and upstream of a pair's tests: each agent stands for any number of them. */
import { expect } from "vitest";
import { grant, newToken, registration, requestText } from "../../sip/build.ts";
import { repeat, T1_MS } from "../../sip/repetition.ts";
import { REAL_TIME } from "../../sip/wire.ts";
import type { Endpoint } from "./addresses.ts";
import { pause } from "./clock.ts";
import type { SipAgent } from "./sip-agent.ts";

/** REGISTERs at once; then the next ones. */
const BATCH = 25;
const BATCH_MS = 50;

/** How upstream reaches a phone. */
export interface Way {
  readonly contact: string;
  readonly path: string;
}

/** From now on the agent is a registrar that grants all. @returns what leads to each phone, by its user */
export function grantsAll(agent: SipAgent): ReadonlyMap<string, Way> {
  const ways = new Map<string, Way>();
  agent.always({ method: "REGISTER" }, async (request) => {
    const user = /<sip:([^@]+)@/.exec(request.header("to"))?.[1] ?? "";
    const contact = /<([^>]+)>/.exec(request.header("contact"))?.[1] ?? "";
    ways.set(user, { contact, path: request.header("path") });
    await agent.reply(request, 200, "OK", { toTag: "registrar", extra: grant(request) });
  });
  return ways;
}

/** @param expires_s 0: they leave */
export async function register(
  agent: SipAgent,
  users: readonly string[],
  proxy: Endpoint,
  expires_s = 600,
): Promise<void> {
  for (let first = 0; first < users.length; first += BATCH) {
    const batch = users.slice(first, first + BATCH);
    const answers = batch.map(async (user) => {
      const callId = newToken();
      const parts = registration({ user, contact: `sip:${user}@${agent.sentBy}`, callId, cseq: 1, expires_s });
      await agent.send(requestText(agent.sentBy, parts), proxy);
      const answer = await agent.next({ isFinal: true, method: "REGISTER", callId });
      expect(answer.status, user).toBe(200);
    });
    await Promise.all([...answers, pause(BATCH_MS)]);
  }
}

/** From now on the agent answers all calls, and says so until it is heard. @param ring_ms for how long they ring before; 0: not at all */
export function answersAll(agent: SipAgent, ring_ms = 0): void {
  const acknowledged = new Set<string>();
  const answered = new Set<string>();
  agent.always({ method: "INVITE" }, async (invite) => {
    const { callId } = invite;
    if (answered.has(callId)) return;
    answered.add(callId);
    const parts = { toTag: "callee", contact: `sip:callee@${agent.sentBy}` };
    if (ring_ms > 0) {
      await agent.reply(invite, 180, "Ringing", parts);
      await pause(ring_ms);
    }
    const answer = () => void (agent.isOpen && agent.reply(invite, 200, "OK", parts));
    answer();
    repeat(REAL_TIME, () => agent.isOpen && !acknowledged.has(callId), answer, T1_MS);
  });
  agent.always({ method: "ACK" }, async ({ callId }) => void acknowledged.add(callId));
}
