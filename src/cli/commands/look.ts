/** Commands of the group "Look": they change nothing (but `doctor --fix`). */
import { countFault, showCalls } from "../calls.ts";
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION, MATCH_ARGUMENT } from "../command-row.ts";
import { checksFault, doctor } from "../doctor.ts";
import { EXIT_USAGE } from "../exit.ts";
import { showExplanation } from "../explain.ts";
import { showHistory, sinceFault } from "../history.ts";
import { fail } from "../paper.ts";
import { showReadiness } from "../readiness.ts";
import { showRegistered } from "../registered.ts";
import { report } from "../report.ts";
import { baseFault, SNMP_BASE, speakSnmp } from "../snmp.ts";
import { showStatus } from "../status.ts";

export const LOOK: readonly CommandRow[] = [
  command({
    name: "status",
    help: "Show the state of the running branchline",
    group: "Look",
    description: [
      "Show on one screen: upstream's state, since when and why, where calls go now, the gateways with their calls, the " +
        "phones, members of hunt groups that aren't registered, dropped messages, tables that are half full or were " +
        "full, and the last five changes. Faults are in capitals. Of a pair, show what each member does, and which one holds " +
        "the shared addresses; of members with an anycast address, whether the route is announced, and the calls of each.",
      "If the file on disk differs from the running configuration, or a reload was refused, the output says so, with the " +
        "reason. Times are local; in JSON they are in UTC.",
      "The command asks the branchline that runs with the same file, through a socket in its state folder, even while the " +
        "file has faults.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, { name: "verbose", letter: "v", help: "Show all tables and all changes" }, JSON_OPTION],
    examples: [
      { line: "branchline status", does: "Is upstream up, and where do calls go?" },
      { line: "branchline status --json", does: "Print the same for a monitoring system" },
    ],
    exits: { 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["calls", "registered", "doctor"],
    action: ({ config, verbose, json }) => showStatus(config, verbose, json),
  }),
  command({
    name: "calls",
    help: "Show the last calls: way, result, rule; newest first",
    group: "Look",
    description: [
      "Show for each call: where branchline sent it, which response came, how it ended or how long it has been up, which " +
        "rule decided and why, and its Call-IDs. A call that comes again after a redirect or a challenge is one entry, and " +
        "so is a call from phone to phone through upstream. branchline keeps the last 200 calls, also across a restart and a " +
        "power cut: it writes a change of a call to disk within 5 s, or within state.interval if there are many.",
      "With --follow, the newest call comes last. Then a line follows for each change: a call begins, gets its final " +
        "response, or ends.",
    ],
    arguments: [MATCH_ARGUMENT],
    options: [
      CONFIG_OPTION,
      { name: "count", letter: "n", value: "COUNT", help: "How many calls; or all", default: "20", fault: countFault },
      { name: "follow", letter: "f", help: "Print calls as they come and end, until Ctrl-C" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline calls", does: "How did the last calls end?" },
      { line: "branchline calls 201 -n 5", does: "Show the last five calls of extension 201" },
      { line: "branchline calls --follow --json", does: "Print each change of a call as a line of JSON" },
    ],
    exits: { 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["explain", "status"],
    action: ({ config, match, count, follow, json }) => {
      const most = count === "all" ? Number.MAX_SAFE_INTEGER : Number(count);
      return showCalls(config, { count: most, match, isFollowing: follow, asJson: json });
    },
  }),
  command({
    name: "readiness",
    help: "Tell whether this branch would survive an outage now",
    group: "Look",
    description: [
      "Tell what would happen if upstream couldn't be reached from now on: which phones could call and be called, by which " +
        "gateway calls would leave, which emergency numbers are covered. Faults and warnings follow, each with its cure: " +
        "channels for the usual peak, how often phones register, registrations on disk, clock, certificate, the last drill " +
        "and others. deploy/readiness.md describes each check.",
      "The running branchline answers from what it knows already: it sends nothing. doctor examines the router itself.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, { name: "verbose", letter: "v", help: "Show checks that are ok, too" }, JSON_OPTION],
    examples: [
      { line: "branchline readiness", does: "Would phones go on calling?" },
      { line: "branchline readiness --json", does: "Print the same for a monitoring system" },
    ],
    exits: {
      0: "Ready; there may be warnings",
      1: "Not ready: there is a fault; or no branchline runs with this file",
    },
    seeAlso: ["status", "doctor", "history"],
    action: ({ config, verbose, json }) => showReadiness(config, verbose, json),
  }),
  command({
    name: "history",
    help: "Show outages, drills, emergency calls, survived calls",
    group: "Look",
    description: [
      "Show what has happened at this branch for months, the newest first: each outage of upstream and of the gateways, with " +
        "what was seen when it began and ended; each loss of readiness; each drill; each survived call, that is, a call for " +
        "upstream that was answered without upstream; each emergency call. A summary comes first.",
      "branchline keeps the last 300 outages, 300 survived calls, 200 emergency calls, 100 losses of readiness and 30 drills " +
        "in its state folder, also across restarts and power cuts. In JSON, the counts of the summary begin when the file was " +
        "made, and include events that are no longer kept.",
      "Times are local; in CSV and JSON they are in UTC.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      { name: "since", value: "TIME", help: "How far back, such as 90d or 12h", default: "90d", fault: sinceFault },
      { name: "csv", help: "Print CSV, with a line of names first" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline history", does: "What has happened in the last 90 days?" },
      { line: "branchline history --since 365d --csv", does: "Print a year for a spreadsheet" },
    ],
    exits: { 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["calls", "status"],
    action: ({ config, since, csv, json }) => {
      if (csv && json) fail("error: give either --csv or --json\nSee: branchline history --help", EXIT_USAGE);
      return showHistory(config, since, csv ? "csv" : json ? "json" : "text");
    },
  }),
  command({
    name: "snmp",
    help: "Answer snmpd, which starts this command",
    group: "Look",
    description: [
      "Answer net-snmp's snmpd on standard input: states of upstream and the gateways, calls, phones, readiness and others, as " +
        "BRANCHLINE-MIB describes them. snmpd starts the command itself, by a line pass_persist in snmpd.conf: see " +
        "deploy/monitoring/snmp.md.",
      "The command keeps each answer of the running branchline for 5 s. If no branchline runs, branchlineRunning is false, " +
        "branchlineProblem says why, and all other objects are missing.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      {
        name: "base",
        value: "OID",
        help: "The place in the tree",
        default: SNMP_BASE,
        fault: baseFault,
      },
    ],
    examples: [
      {
        line: `pass_persist ${SNMP_BASE} /usr/bin/branchline snmp`,
        does: "The line in snmpd.conf",
      },
    ],
    exits: { 0: "snmpd has ended" },
    seeAlso: ["status", "readiness"],
    action: ({ config, base }) => speakSnmp(config, base),
  }),
  command({
    name: "registered",
    help: "List registered phones, and missing hunt group members",
    group: "Look",
    description: [
      "Show a line for each contact, sorted by extension: its address, whether its connection is open, when it expires, " +
        "and which hunt groups ring it. Then show each member of a hunt group that isn't registered, as NOT REGISTERED. " +
        "A member that the file names by a URI still rings at its address.",
      "With EXTENSION, show only that extension, with its complete Contacts.",
    ],
    arguments: [{ name: "extension", help: "Extension, or address-of-record", isOptional: true }],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [
      { line: "branchline registered", does: "Which phones would ring?" },
      { line: "branchline registered 201", does: "What is the address of 201?" },
      { line: "branchline registered --json", does: "Print the same as JSON" },
    ],
    exits: { 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["phones", "status"],
    action: ({ config, extension, json }) => showRegistered(config, extension, json),
  }),
  command({
    name: "explain",
    help: "Explain what would happen to a call; send nothing",
    group: "Look",
    description: [
      "Say what would happen to a call from an extension, an IP address or a gateway: what is known (the caller, the " +
        "meaning of the host, the number), which rule decides, and what happens step by step.",
      "For a call from upstream's address, explain assumes that upstream uses the Path of the phone's registration, and " +
        "says so. A URI in place of NUMBER counts unchanged.",
      "explain sends only DNS queries, for 2 s at the most: about upstream's name, if FROM is an address. Without a " +
        "running branchline, the phones are those of the state file. The file on disk counts, so that you can try a " +
        "change before it is active. While that file has faults, the running configuration counts.",
    ],
    arguments: [
      { name: "from", help: "Extension, IP address, or name of a gateway" },
      { name: "number", help: "Dialled number, or a URI" },
    ],
    options: [
      CONFIG_OPTION,
      { name: "down", help: "Assume that upstream is down" },
      { name: "up", help: "Assume that upstream is up" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline explain 201 5551234", does: "Where would this call go now?" },
      { line: "branchline explain 201 5551234 --down", does: "And in an outage?" },
      { line: "branchline explain 10.10.1.3 112", does: "What if it came from the gateway?" },
      { line: "branchline explain 198.51.100.10 201", does: "Does the PBX's call find the phone?" },
    ],
    seeAlso: ["calls", "force"],
    action: ({ config, from, number, down, up, json }) => {
      if (down && up) fail("error: give either --up or --down\nSee: branchline explain --help", EXIT_USAGE);
      return showExplanation(config, { from, to: number, upstream: down ? "down" : up ? "up" : undefined }, json);
    },
  }),
  command({
    name: "doctor",
    help: "Find what harms calls on this router, and cure it",
    group: "Look",
    description: [
      "Examine this router and the way to upstream: SIP ALG, firewall, DNS, clock, certificate, the answers of upstream " +
        "and the gateways. Below each fault and warning are the router's own commands that cure it.",
      "Faults come first, then warnings, then checks that weren't possible. One line names the checks that are ok. If " +
        "the configuration file has faults, doctor still examines the router.",
      "If branchline runs, its own view of upstream and the gateways counts. Otherwise doctor sends OPTIONS from the " +
        "listen address that branchline would use.",
      "--fix makes the changes that are marked, and repeats the checks. --fix needs root. deploy/doctor.md describes each " +
        "check.",
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
      { name: "verbose", letter: "v", help: "Show what each check has found, also where it is ok" },
      { name: "fix", help: "Make the marked changes through the router's configuration" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline doctor", does: "What harms calls on this router?" },
      { line: "branchline doctor --only upstream,listen", does: "Does the PBX answer?" },
      { line: "sudo branchline doctor --fix", does: "Cure what can be cured" },
    ],
    exits: {
      0: "No fault was found; there may be warnings",
      1: "A fault was found",
      2: "The configuration file or the command line has a fault",
    },
    seeAlso: ["check", "status"],
    action: doctor,
  }),
  command({
    name: "report",
    help: "Write one archive with what helps to find a fault",
    group: "Look",
    description: [
      "Write the status, the registered phones, the last calls, the findings of doctor and check, the versions, the " +
        "configuration and the end of the log into an archive that only its owner can read. If the file has faults or no " +
        "branchline runs, the archive names each missing part, with the reason.",
      "The archive has no passwords, no answers to challenges and no private keys, as far as report recognises them. It has " +
        "extensions, phone numbers and addresses. --anonymous replaces the names and numbers of people, as far as it " +
        "recognises them. Read through the archive before you send it.",
    ],
    arguments: [],
    options: [
      CONFIG_OPTION,
      {
        name: "output",
        letter: "o",
        value: "FILE",
        help: "The archive, or a folder for it",
        defaultWords: "a file in the current folder, named by the time",
        completes: "file",
      },
      { name: "anonymous", help: "Replace extensions, phone numbers and names" },
    ],
    examples: [
      { line: "sudo branchline report", does: "Write the archive" },
      { line: "sudo branchline report --anonymous -o /tmp", does: "Write an archive that you can publish" },
    ],
    exits: { 1: "The archive can't be written" },
    seeAlso: ["status", "calls", "doctor"],
    action: (values) => report(values),
  }),
];
