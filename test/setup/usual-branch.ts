/** The branch of the tests of `branchline init`: where its router listens, who its PBX is, and what is usually plugged in. */
import type { BranchLab } from "./branch-lab.ts";

export const AUTO = ["--yes", "--hear", "1"];
export const PBX = "pbx.example.com";
export const GATEWAY = "Grandstream GXW4104";
export const LAN = "udp:10.91.20.1:5060";
export const GW = "udp:10.91.1.1:5060";
export const FIVE = ["lan0", "gw0", "wan0", "wan1", "wg0"] as const;

/** A phone on lan0 that registers with the PBX, and a gateway that says what it is, unless a row has it otherwise. */
export async function usual(lab: BranchLab): Promise<BranchLab> {
  await lab.addPhone("lan0", "201");
  return lab.addGateway(GATEWAY);
}
