/** Commands of the group "Look": they change nothing (but `doctor --fix`). */
import { countFault, showCalls } from "../calls.ts";
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION } from "../command-row.ts";
import { checksFault, doctor } from "../doctor.ts";
import { showExplanation } from "../explain.ts";
import { showRegistered } from "../registered.ts";
import { report } from "../report.ts";
import { showStatus } from "../status.ts";

export const LOOK: readonly CommandRow[] = [
  command({
    name: "status",
    help: "Show the state of the running proxy",
    group: "Look",
    description: [
      "Show on one screen upstream's state, since when and why, where calls go now, gateways with their calls, phones, members " +
        "of hunt groups that aren't registered, messages that were dropped, tables that have been full or are by half, and the " +
        "last five changes. Trouble is in capitals.",
      "A file on disk that isn't what runs is told, and why a reload was refused. Times are local; in JSON they are UTC.",
      "The proxy that runs with the same file is asked, through a socket in its state folder, even while the file has faults.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, { name: "verbose", letter: "v", help: "Show all tables and all changes" }, JSON_OPTION],
    examples: [
      { line: "branchline status", does: "Is upstream up, and where do calls go?" },
      { line: "branchline status --json", does: "The same for a monitoring system" },
    ],
    exits: { 1: "No proxy runs with this file, or it can't be asked" },
    seeAlso: ["calls", "registered", "doctor"],
    action: ({ config, verbose, json }) => showStatus(config, verbose, json),
  }),
  command({
    name: "calls",
    help: "Show the last calls: way, result, rule; newest first",
    group: "Look",
    description: [
      "For each call: where it was offered and what was answered there, how it ended or how long it has been up, which rule " +
        "decided and why, and its Call-IDs. A call that comes back after a redirect or a challenge is one entry, and so is a " +
        "call from phone to phone through upstream. The last 200 calls are kept, over a restart and a power cut too: " +
        "what becomes of one is on disk 5 s later, where many come within state.interval.",
      "With --follow the calls come last, and then a line for each change: a call begins, has its final response, or has ended.",
    ],
    arguments: [
      {
        name: "match",
        help: "Only calls of this extension, number, address or Call-ID",
        isOptional: true,
        fault: (text) => (text.trim() === "" ? "must not be empty" : undefined),
      },
    ],
    options: [
      CONFIG_OPTION,
      { name: "count", letter: "n", value: "COUNT", help: "How many calls; or all", default: "20", fault: countFault },
      { name: "follow", letter: "f", help: "Print calls as they come and end, until Ctrl-C" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline calls", does: "What became of the last calls?" },
      { line: "branchline calls 201 -n 5", does: "The last five of extension 201" },
      { line: "branchline calls --follow --json", does: "Each change of a call as a line of JSON" },
    ],
    exits: { 1: "No proxy runs with this file, or it can't be asked" },
    seeAlso: ["explain", "status"],
    action: ({ config, match, count, follow, json }) => {
      const most = count === "all" ? Number.MAX_SAFE_INTEGER : Number(count);
      return showCalls(config, { count: most, match, isFollowing: follow, asJson: json });
    },
  }),
  command({
    name: "registered",
    help: "List registered phones, and missing hunt group members",
    group: "Look",
    description: [
      "A line for each contact, sorted by extension: where it is reached, whether its connection stands, when it expires, and " +
        "which hunt groups ring it. Then, as NOT REGISTERED, each member of a hunt group that isn't registered; one " +
        "given as a URI is rung at its address all the same.",
      "With EXTENSION, only what concerns it, with its Contacts in full.",
    ],
    arguments: [{ name: "extension", help: "Extension, or address-of-record", isOptional: true }],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [
      { line: "branchline registered", does: "Which phones would ring?" },
      { line: "branchline registered 201", does: "Where is this one reached?" },
      { line: "branchline registered --json", does: "The same as data" },
    ],
    exits: { 1: "No proxy runs with this file, or it can't be asked" },
    seeAlso: ["phones", "status"],
    action: ({ config, extension, json }) => showRegistered(config, extension, json),
  }),
  command({
    name: "explain",
    help: "Explain what would become of a call; send nothing",
    group: "Look",
    description: [
      "Say what would become of a call from an extension, an IP address or a gateway: what is known (the caller, the " +
        "meaning of the host, the number), which rule decides, then step by step.",
      "Nothing is sent but questions to DNS, for 2 s at the most, and only about upstream's name when FROM is an address. It " +
        "works without a running proxy too: then the phones are those of the state file. The file on disk counts, so that a " +
        "change can be tried before it is active; while that has faults, the configuration that runs.",
    ],
    arguments: [
      { name: "from", help: "Extension, IP address, or name of a gateway" },
      { name: "number", help: "Dialled number, or a URI" },
    ],
    options: [
      CONFIG_OPTION,
      { name: "down", help: "Take upstream to be down" },
      { name: "up", help: "Take upstream to be up" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline explain 201 5551234", does: "Where would this call go now?" },
      { line: "branchline explain 201 5551234 --down", does: "And in an outage?" },
      { line: "branchline explain 10.10.1.3 112", does: "What if it came from the gateway?" },
    ],
    seeAlso: ["calls", "force"],
    action: ({ config, from, number, down, up, json }) =>
      showExplanation(config, { from, to: number, upstream: down ? "down" : up ? "up" : undefined }, json),
  }),
  command({
    name: "doctor",
    help: "Find what hinders calls on this router, and cure it",
    group: "Look",
    description: [
      "Look at this router and the way to upstream: SIP ALG, firewall, DNS, clock, certificates, what upstream and the " +
        "gateways answer. Each finding has its cure as command lines of the router's own.",
      "Faults come first, then warnings, then what couldn't be looked at. Checks that are well are named in one line. A " +
        "configuration with faults is the first finding, and the machine is examined all the same.",
      "Where branchline runs, its own view of upstream and the gateways counts. Else OPTIONS leaves from the address in " +
        "listen that branchline would use.",
      "--fix makes the changes that are marked, and checks again. That needs root. deploy/doctor.md describes each check.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      {
        name: "only",
        value: "CHECKS",
        help: "Run only these checks, such as upstream,mtu",
        fault: checksFault,
      },
      { name: "verbose", letter: "v", help: "Say what each check has found that is well" },
      { name: "fix", help: "Make the marked changes through the router's configuration" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline doctor", does: "What hinders calls here?" },
      { line: "branchline doctor --only upstream,listen", does: "Does the PBX answer?" },
      { line: "sudo branchline doctor --fix", does: "Cure what can be cured" },
    ],
    exits: { 0: "No fault was found", 1: "A fault was found" },
    seeAlso: ["check", "status"],
    action: doctor,
  }),
  command({
    name: "report",
    help: "Collect what helps to find a fault, in one archive",
    group: "Look",
    description: [
      "Write status, registered phones, the last calls, what doctor and check say, versions, the configuration and the last " +
        "lines of the log into an archive that only its owner can read. A faulty file or a proxy that doesn't run is no " +
        "obstacle: the archive names each piece that is missing, with the reason.",
      "Passwords, answers to challenges and private keys are left out. Extensions, phone numbers and addresses are in it; " +
        "--anonymous replaces names and numbers of people, as far as they are recognised. Look through the archive before you send it.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      {
        name: "output",
        letter: "o",
        value: "FILE",
        help: "The archive, or a folder for it",
        defaultWords: "a file in the present folder, called by the time",
        completes: "file",
      },
      { name: "anonymous", help: "Replace extensions, phone numbers and names" },
    ],
    examples: [
      { line: "sudo branchline report", does: "Collect what the router has" },
      { line: "sudo branchline report --anonymous -o /tmp", does: "The same for a public place" },
    ],
    exits: { 1: "The archive can't be written" },
    seeAlso: ["status", "calls", "doctor"],
    action: (values) => report(values),
  }),
];
