/** `branchline phones`: what to set on phones so that they come to branchline. */
import { readInterfaces } from "../io/node/interfaces.ts";
import { guideText, makerGuides, phonesText, proxyAddresses } from "../setup/init/phones.ts";
import { EXIT_USAGE } from "./exit.ts";
import { fail, print, printJson } from "./paper.ts";
import { findRunning } from "./running.ts";
import { usableConfig } from "./usable-config.ts";

/** What came on the command line. */
interface PhonesOptions {
  readonly config: string;
  /** As it was typed. */
  readonly maker?: string;
  readonly json: boolean;
}

/**
 * Prints one maker's settings, or the outbound proxy and the makers that are known. An unknown maker is a fault of usage. Where the
 * file on disk has faults, what runs counts.
 */
export async function phones({ config: file, maker, json }: PhonesOptions): Promise<void> {
  const config = await usableConfig(file, await findRunning(file));
  const proxies = proxyAddresses(config, readInterfaces() ?? new Map());
  const guides = makerGuides(proxies, maker);
  if ("fault" in guides) fail(`error: ${guides.fault}`, EXIT_USAGE);
  if (json) printJson({ outbound_proxy: proxies, makers: guides });
  else print(maker === undefined ? phonesText(proxies) : guides.map(guideText).join(""));
}
