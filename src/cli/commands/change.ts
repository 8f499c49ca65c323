/** Commands of the group "Change": they change what the running proxy does. */
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION } from "../command-row.ts";
import { drain, drainPatiently, join, joinPatiently, waitFault } from "../drain.ts";
import { drill, drillTimeFault, phonesFault, reportFault } from "../drill.ts";
import { force, forTimeFault } from "../force.ts";
import { reload } from "../reload.ts";

export const CHANGE: readonly CommandRow[] = [
  command({
    name: "reload",
    help: "Reload the configuration of the running branchline",
    group: "Change",
    description: [
      "Let the running branchline read its configuration file again. Calls go on. The answer names the keys that have " +
        "changed, and warns of a name that has no address. If branchline refuses the reload, the answer gives every " +
        "reason, and the old configuration stays active.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [{ line: "branchline check && branchline reload", does: "Check the file, then reload it" }],
    exits: {
      1: "Refused: a key that has changed needs a restart; or no branchline runs with this file",
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
      "Set upstream's state to up or down, whatever its probes say, for maintenance or to rehearse an outage. auto ends " +
        "this: the configuration counts again. force affects calls, registrations and other requests that begin, such as SUBSCRIBE. Calls in progress go on.",
      "Without --for, the state stays until another force or a restart. status and explain show the forced state, with the " +
        "time that is left.",
    ],
    arguments: [{ name: "state", help: "State of upstream; auto: as detected", choices: ["up", "down", "auto"] }],
    options: [
      CONFIG_OPTION,
      { name: "for", value: "TIME", help: "End by itself after TIME, such as 10m", fault: forTimeFault },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline force down --for 10m", does: "Rehearse an outage" },
      { line: "branchline force auto", does: "End the rehearsal" },
    ],
    exits: { 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["status", "explain"],
    action: ({ config, state, for: time, json }) => force(config, state, time, json),
  }),
  command({
    name: "drill",
    help: "Rehearse an outage with chosen phones",
    group: "Change",
    description: [
      "Rehearse an outage with chosen phones while upstream works. Their calls go where they would go in an outage, and " +
        "branchline answers their REGISTERs while upstream keeps the registration long enough. All other phones call through " +
        "upstream. Emergency calls go their usual way, and end the drill. Calls from upstream reach the chosen phones.",
      "A drill ends by itself after its time. It ends at once if upstream or all gateways are down, if somebody makes an " +
        "emergency call, if upstream's state is forced, if a phone that you named is no longer registered (with all: no phone " +
        "of localnet any more), if a reload removes a chosen phone or the emergency numbers, or if, in a pair, this router " +
        "drains or gives the shared addresses away. Without options, drill shows the drill that runs. The reports of the last drills are kept in the state folder.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      {
        name: "phones",
        value: "LIST",
        help: "Begin with these extensions, such as 201,202; or all",
        fault: phonesFault,
      },
      { name: "for", value: "TIME", help: "End after TIME", default: "10m", fault: drillTimeFault },
      { name: "stop", help: "End the drill that runs, and print its report" },
      { name: "report", value: "N", help: "Print the report of drill N; last, or all for a list", fault: reportFault },
      { name: "html", help: "Print the report as a page of HTML" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline drill --phones 201,202 --for 10m", does: "Rehearse with two phones" },
      { line: "branchline drill --stop", does: "End the drill" },
      { line: "branchline drill --report last --html > drill.html", does: "Write a page for an auditor" },
    ],
    exits: {
      1: "No drill can begin now; with --stop, no drill runs; with --report, there is no such report; or no branchline runs with this file",
    },
    seeAlso: ["force", "status", "calls"],
    action: ({ config, phones, for: time, stop: stops, report, html: asPage, json: asJson }) =>
      drill(config, { phones, time, stops, report, asPage, asJson }),
  }),
  command({
    name: "drain",
    help: "Take this member of a cluster out of service",
    group: "Change",
    description: [
      "Give the shared addresses to the other member of the pair, or withdraw the route to the anycast address, take no new " +
        "calls, and wait until nothing is left on this router. Calls that ring go on at another member. Calls that are up go on. " +
        "Then branchline or the router can be stopped. join puts this router into service again, and so does a restart of branchline.",
      "drain refuses if no other member takes calls, unless --alone is given. It warns if upstream doesn't answer another " +
        "member. With --patient, drain waits up to a minute for a member that may be restarting, and does " +
        "nothing if branchline isn't running or has no cluster. The packages' scripts call it so before they restart branchline.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      { name: "wait", value: "TIME", help: "Wait at most TIME; 0: don't wait", default: "60s", fault: waitFault },
      { name: "alone", help: "Drain also if no other member takes calls" },
      { name: "patient", help: "Wait for another member; do nothing without a cluster" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline drain && reboot", does: "Restart this router without losing a call" },
      { line: "branchline drain --wait 0", does: "Begin, and look later with branchline status" },
    ],
    exits: {
      0: "Nothing is left; with --wait 0: draining",
      1: "Something is left; or no other member takes calls, or no branchline runs with this file",
    },
    seeAlso: ["join", "status", "cluster"],
    action: ({ config, wait, alone, patient, json }) =>
      patient ? drainPatiently(config, wait, json) : drain(config, wait, alone, json),
  }),
  command({
    name: "join",
    help: "Put this member of a cluster into service again",
    group: "Change",
    description: [
      "End what drain has begun. This router gets what the other members know. A router of a pair may then hold the shared " +
        "addresses again, and the addresses stay where they are until the other member gives them away. A member with an anycast " +
        "address announces its route again.",
      "With --patient, join waits up to 30 s until branchline runs, and does nothing if branchline has no cluster: for scripts " +
        "that have restarted branchline.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      { name: "patient", help: "Wait until branchline runs; do nothing without a cluster" },
      JSON_OPTION,
    ],
    examples: [{ line: "branchline join", does: "Be ready for calls again" }],
    exits: { 1: "This router isn't active after 15 s; or no branchline runs with this file" },
    seeAlso: ["drain", "status"],
    action: ({ config, patient, json }) => (patient ? joinPatiently(config, json) : join(config, json)),
  }),
];
