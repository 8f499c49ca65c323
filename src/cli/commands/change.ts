/** Commands of the group "Change": they change what the running proxy does. */
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION } from "../command-row.ts";
import { force, forTimeFault } from "../force.ts";
import { reload } from "../reload.ts";

export const CHANGE: readonly CommandRow[] = [
  command({
    name: "reload",
    help: "Reload the configuration of the running proxy",
    group: "Change",
    description: [
      "Have the running proxy read its configuration file again; calls go on. The answer is the keys that have changed, or " +
        "every reason why nothing is taken over: then the old configuration stays active.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [{ line: "branchline check && branchline reload", does: "Check the file, then use it" }],
    exits: {
      1: "Refused: a key that has changed needs a restart; or no proxy runs with this file",
      2: "Refused: the file has faults, or its certificate can't be used",
    },
    seeAlso: ["check", "run"],
    action: ({ config, json }) => reload(config, json),
  }),
  command({
    name: "force",
    help: "Override upstream's detected state",
    group: "Change",
    description: [
      "Take upstream to be up or down, whatever its probes say, for maintenance or a rehearsal of an outage. auto removes " +
        "the override: what the configuration says counts again. New calls and registrations are concerned; calls that are " +
        "up go on.",
      "Without --for it holds until another force or a restart. status and explain show it, with the time that is left.",
    ],
    arguments: [{ name: "state", help: "State that upstream is taken to be in", choices: ["up", "down", "auto"] }],
    options: [
      CONFIG_OPTION,
      { name: "for", value: "TIME", help: "End it by itself after TIME, such as 10m", fault: forTimeFault },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline force down --for 10m", does: "Rehearse an outage" },
      { line: "branchline force auto", does: "End the rehearsal" },
    ],
    exits: { 1: "No proxy runs with this file, or it can't be asked" },
    seeAlso: ["status", "explain"],
    action: ({ config, state, for: time, json }) => force(config, state, time, json),
  }),
];
