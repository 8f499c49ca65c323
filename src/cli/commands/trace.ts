/** Commands of the group "Look" that show calls message by message, and as they come. */
import { countFault } from "../calls.ts";
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION, MATCH_ARGUMENT } from "../command-row.ts";
import { EXIT_USAGE } from "../exit.ts";
import { fail } from "../paper.ts";
import { showTrace } from "../trace.ts";
import { showWatch } from "../watch.ts";

export const TRACE: readonly CommandRow[] = [
  command({
    name: "trace",
    help: "Show a call as a ladder, and why it went where it went",
    group: "Look",
    description: [
      "Show the last call, or with MATCH the last call of an extension, number, address or Call-ID; --count shows more calls. " +
        "Show each message with its time and the state of the call, the rule that decided and why, and changes of upstream " +
        "and the gateways meanwhile. Messages that came by TLS are in clear. All messages come from the journal in branchline's " +
        "memory (journal.memory), which holds the last messages only.",
      "In a cluster, the ladder names this member, and the member that has passed on a message (by NAME). The member to which a " +
        "message came has a line that says to whom it was passed on: with the Call-ID, trace finds it there.",
      "Credentials, passwords and bodies are masked, and X-Masked-Body tells the length of a body. --unmasked shows them to root.",
      "--pcap writes the messages to a file for Wireshark or sngrep. In this file, each message is a UDP packet, also if " +
        "TCP or TLS carried it. A comment of the packet names the transport and the rule.",
      "--follow shows up to 50 calls at the same time; with MATCH, only calls of MATCH.",
    ],
    arguments: [MATCH_ARGUMENT],
    options: [
      CONFIG_OPTION,
      { name: "count", letter: "n", value: "COUNT", help: "How many calls; or all", default: "1", fault: countFault },
      { name: "follow", letter: "f", help: "Print the messages of calls as they come, until Ctrl-C" },
      { name: "raw", help: "Print whole messages" },
      { name: "unmasked", help: "Show credentials and bodies too; needs root" },
      { name: "pcap", value: "FILE", help: "Write the messages to a capture file", completes: "file" },
      JSON_OPTION,
    ],
    examples: [
      { line: "branchline trace 201", does: "Which way did the last call of 201 go, and why?" },
      { line: "branchline trace --follow --raw", does: "Print whole messages of calls as they come" },
      { line: "branchline trace 201 -n all --pcap calls.pcapng", does: "Write what Wireshark and sngrep open" },
    ],
    exits: { 1: "No branchline runs with this file, or its journal has no such call" },
    seeAlso: ["calls", "explain"],
    action: ({ config, match, count, follow, raw, unmasked, pcap, json }) => {
      if (follow && (pcap !== undefined || json)) {
        fail("error: --follow prints ladders only\nSee: branchline trace --help", EXIT_USAGE);
      }
      const most = count === "all" ? Number.MAX_SAFE_INTEGER : Number(count);
      const wish = { count: most, match, isFollowing: follow, isRaw: raw, isUnmasked: unmasked, pcap, asJson: json };
      return showTrace(config, wish);
    },
  }),
  command({
    name: "watch",
    help: "Watch upstream, gateways and calls on a live screen",
    group: "Look",
    description: [
      "Show the state of upstream, the gateways and their channels, the number of registered phones, and a list of calls. Calls " +
        "that go on come first, then the last calls, each with its way. The screen refreshes once a second.",
      "The arrow keys, or j and k, choose a call. Enter opens the ladder of the call, as trace shows it. The ladder grows while " +
        "the call goes on. In the ladder, the same keys scroll, r shows whole messages (credentials and bodies are masked), and " +
        "Esc leads back to the list. q or Ctrl-C ends watch. If branchline is restarted, watch waits for it.",
      "If the input or the output isn't a terminal, watch prints the state once. Then it prints a line for each change of upstream " +
        "or a gateway, and for each call, as calls --follow does.",
    ],
    arguments: [],
    options: [CONFIG_OPTION],
    examples: [
      { line: "branchline watch", does: "Watch this branch, until q" },
      { line: "branchline watch | tee watch.log", does: "Print changes and calls as lines, until Ctrl-C" },
    ],
    exits: { 0: "Ended by q, Ctrl-C or a signal", 1: "No branchline runs with this file, or it doesn't answer" },
    seeAlso: ["status", "calls", "trace"],
    action: ({ config }) => showWatch(config),
  }),
];
