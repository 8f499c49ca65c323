/** The configuration, typed. What the file may leave out has its default in the row of its key. */
import type { Site } from "../../policy/site.ts";
import type { Parts, SITE_SECTIONS } from "./sections.ts";

/** What the sections beside the site's have become, by the names that `sections.ts` gives them, and the site. */
export interface Config extends Omit<Parts, keyof typeof SITE_SECTIONS> {
  readonly site: Site;
  /** What the file says, by key: a number that another value hardly has. A reload tells by them what has changed. */
  readonly written: ReadonlyMap<string, number>;
  /** By key that a reload can't take over: its value, as text. */
  readonly lasting: ReadonlyMap<string, string>;
}

/** In the state folder: where commands reach a running branchline. */
export const CONTROL_FILE = "control.sock";
