/** `branchline registered`: registered phones, and members of hunt groups that aren't. */
import type { RegisteredContact } from "../app/control.ts";
import { registeredFacts, registeredText } from "../app/words/registered-words.ts";
import { reader } from "./reader.ts";
import { show, theRunning } from "./running.ts";

/** Prints the phones that are registered. @param extension only what concerns it; undefined: all */
export async function showRegistered(file: string, extension: string | undefined, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const contacts: RegisteredContact[] = [];
  // Thousands come piece by piece.
  for (let after: string | undefined = ""; ; ) {
    const { status, registered } = await running.ask({ command: "registered", after });
    contacts.push(...(registered?.contacts ?? []));
    after = registered?.next;
    if (after !== undefined) continue;
    const facts = registeredFacts(contacts, status, extension);
    return show(registeredText(facts, status.gateways, reader(), extension), asJson, facts);
  }
}
