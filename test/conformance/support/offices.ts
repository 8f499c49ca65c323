/** The two places where flows happen: an office whose PBX lives, and one whose PBX doesn't. */
import { DOMAIN } from "../../sip/build.ts";
import { GATEWAY, PBX, PHONE, PHONE_2, PHONE_3, SITE_YAML, Site, WAN } from "../../support/site.ts";
import { UserAgent } from "./user-agent.ts";

/** Alice's phone here; Bob behind the PBX, or another proxy there. */
export function daylight() {
  const site = new Site();
  const alice = new UserAgent(site, "alice", PHONE);
  const bob = new UserAgent(site, "bob", PBX, WAN);
  site.run(100);
  site.simulation.sightings.length = 0;
  return { site, alice, bob };
}

/** Three phones that have registered, a gateway, and upstream known to be down: phones do their services by themselves. */
export function outage(yaml = "") {
  const site = new Site(`${SITE_YAML}${yaml}`);
  const pbx = new UserAgent(site, "pbx", PBX, WAN);
  const alice = new UserAgent(site, "alice", PHONE);
  const bob = new UserAgent(site, "bob", PHONE_2);
  const carol = new UserAgent(site, "carol", PHONE_3);
  const gateway = new UserAgent(site, "gateway", GATEWAY);
  for (const phone of [alice, bob, carol]) {
    phone.sends("REGISTER", { uri: `sip:${phone.name}@${DOMAIN}`, call: `${phone.name}-register` });
    pbx.replies(200, { contact: phone.contact, extra: ["Expires: 3600"] });
  }
  site.simulation.silence(PBX);
  site.run(60_000);
  site.simulation.sightings.length = 0;
  return { site, alice, bob, carol, gateway };
}

/** A session description that can be told from others. */
export function sdp(owner: string, mode = "sendrecv", version = 1): string {
  const lines = ["v=0", `o=${owner} 1 ${version} IN IP4 192.0.2.1`, "s=-", "c=IN IP4 192.0.2.1", "t=0 0"];
  return [...lines, "m=audio 40000 RTP/AVP 0", `a=${mode}`, ""].join("\r\n");
}

/** The Content-Type that goes with it. */
export const SDP = "Content-Type: application/sdp";
