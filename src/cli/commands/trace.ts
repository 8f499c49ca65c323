/** Commands of the group "Look" that show calls message by message. */
import { countFault } from "../calls.ts";
import { CONFIG_OPTION, type CommandRow, command, JSON_OPTION, MATCH_ARGUMENT } from "../command-row.ts";
import { EXIT_USAGE } from "../exit.ts";
import { fail } from "../paper.ts";
import { showTrace } from "../trace.ts";

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
      "Credentials, passwords and bodies are masked, and X-Masked-Body tells the length of a body. --unmasked shows them to root.",
      "--pcap writes the messages to a file for Wireshark or sngrep. In this file, each message is a UDP packet, also if " +
        "TCP or TLS carried it. A comment of the packet names the transport and the rule.",
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
];
