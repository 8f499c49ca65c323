/** `branchline registered`: registered phones, and members of hunt groups that aren't. */
import { registeredFacts, registeredText } from "../app/words/registered-words.ts";
import { reader } from "./reader.ts";
import { show, theRunning } from "./running.ts";

/** Prints the phones that are registered. @param extension only what concerns it; undefined: all */
export async function showRegistered(file: string, extension: string | undefined, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const contacts = await running.contacts("ask");
  const { status } = await running.ask({ command: "status" });
  const facts = registeredFacts(contacts, status, extension);
  show(registeredText(facts, status.gateways, reader(), extension), asJson, facts);
}
