/** A SIP endpoint with its transactions, for as long as a test lasts. */
import type { Address } from "../../sip/address.ts";
import { type OpenWire, Transactions } from "../../sip/transactions.ts";
import { defer } from "./cleanup.ts";

/** Closes when the test ends. */
export async function openUserAgent(address: Address, openWire: OpenWire): Promise<Transactions> {
  const agent = new Transactions(address);
  await agent.open(openWire);
  defer(() => agent.close());
  return agent;
}
