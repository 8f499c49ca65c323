/** Commands of the group "Change": they change what the running proxy does. */
import { askAndPrint, reloadAndPrint } from "../ask.ts";
import { CONFIG_OPTION, type CommandRow, command } from "../command-row.ts";

export const CHANGE: readonly CommandRow[] = [
  command({
    name: "reload",
    help: "Reload the configuration of the running proxy",
    group: "Change",
    description: [
      "Has the running proxy read its configuration file again; calls go on. Says which keys have changed, or every reason " +
        "why nothing is taken over: then the old configuration stays active.",
    ],
    arguments: [],
    options: [CONFIG_OPTION],
    examples: [{ line: "branchline check && branchline reload", does: "Check the file, then use it" }],
    exits: { 1: "The reload is refused, or no proxy runs with this file" },
    seeAlso: ["check", "run"],
    action: ({ config }) => reloadAndPrint(config),
  }),
  command({
    name: "force",
    help: "Override upstream's detected state until restart",
    group: "Change",
    description: [
      "Takes upstream to be up or down, whatever its probes say, for maintenance or a rehearsal of an outage. auto removes " +
        "the override: what the configuration says counts again. New calls and registrations are concerned; calls that are " +
        "up go on.",
    ],
    arguments: [{ name: "state", help: "State that upstream is taken to be in", choices: ["up", "down", "auto"] }],
    options: [CONFIG_OPTION],
    examples: [
      { line: "branchline force down", does: "Rehearse an outage" },
      { line: "branchline force auto", does: "End the rehearsal" },
    ],
    exits: { 1: "No proxy runs with this file, or it can't be asked" },
    seeAlso: ["status", "explain"],
    action: ({ config, state }) => askAndPrint(config, { command: "force", state }, false),
  }),
];
