/** Commands of the group "Set up": the configuration file, phones, shells. */

import { MAKER_NAMES } from "../../setup/init/phones.ts";
import { checkAndPrint } from "../check.ts";
import {
  CONFIG_OPTION,
  CONFIG_OPTION_WITHOUT_DEFAULT,
  type CommandRow,
  command,
  JSON_OPTION,
  OUTPUT_OPTION,
} from "../command-row.ts";
import { hearFault, init } from "../init.ts";
import { phones } from "../phones.ts";
import { printSchema } from "../schema.ts";

export const SET_UP: readonly CommandRow[] = [
  command({
    name: "init",
    help: "Write a configuration file: look around, ask the rest",
    group: "Set up",
    description: [
      "Look at this router's addresses, listen for phones, ask for what wasn't found, show all answers, and write the " +
        "file. Only what is sent to this router is heard: to let it detect PBX and extensions, first point one phone's " +
        "outbound proxy here.",
      "The PBX's name is looked up, and the kernel is asked which of this router's addresses leads to each of its addresses: " +
        "those are proposed for --listen. Nothing is sent to the PBX.",
      "Nothing is asked with --yes, or with all of --localnet, --upstream, --gateway, --members and --listen. They take " +
        "sips:pbx.example.com, tcp: and tls: in front of an address, and IPv6. --yes refuses, and names the options that " +
        "are missing, where no PBX, no gateway or no way to them is found. It believes the phones that it hears: use it on a " +
        "LAN that you trust.",
    ],
    arguments: [],
    options: [
      OUTPUT_OPTION,
      { name: "localnet", value: "NETWORKS", help: "Networks of the phones" },
      { name: "upstream", value: "URIS", help: "The PBX, or none" },
      { name: "gateway", value: "URIS", help: "The PSTN gateway, or none" },
      { name: "members", value: "EXTENSIONS", help: "Extensions that ring when the gateway calls, or none" },
      { name: "emergency", value: "NUMBERS", help: "Emergency numbers, always sent to the gateway first" },
      { name: "listen", value: "ADDRESSES", help: "Addresses of this router to listen on" },
      {
        name: "hear",
        value: "SECONDS",
        help: "Time to listen for phones; 0 doesn't listen",
        default: "5",
        fault: hearFault,
      },
      { name: "yes", letter: "y", help: "Ask nothing; refuse where too little is found" },
      { name: "force", help: "Overwrite an existing file" },
    ],
    examples: [
      { line: "sudo branchline init", does: "Ask, and write the file of this router" },
      { line: "branchline init --yes -c -", does: "Print what it would write" },
      {
        line: "branchline init --upstream sip:pbx.example.com --gateway sip:10.10.1.3",
        does: "Ask only for the rest",
      },
    ],
    exits: { 1: "The file can't be written", 2: "A value is wrong or missing, or the file exists already" },
    seeAlso: ["check", "phones"],
    action: (values) => init(values),
  }),
  command({
    name: "schema",
    help: "Print a JSON Schema of the configuration, for editors",
    group: "Set up",
    description: [
      "Editors with the YAML language server (VS Code, Neovim, Emacs) complete and check a file by it while you type. Its first " +
        "line names the schema: # yaml-language-server: $schema=FILE.",
      "The packages bring the same as branchline.schema.json, and init writes that line where it is installed. The schema " +
        "knows single values; what belongs together is seen by branchline check.",
    ],
    arguments: [],
    options: [],
    examples: [
      { line: "branchline schema > branchline.schema.json", does: "Keep it beside the file, on your own machine" },
    ],
    seeAlso: ["check"],
    action: () => printSchema(),
  }),
  command({
    name: "check",
    help: "Check a configuration file, and say what it will do",
    group: "Set up",
    description: [
      "Say in sentences what the proxy will do with the file, or name each fault with its line, column and cure. " +
        "Warnings name what is valid but perhaps not meant. The last line is the verdict.",
      "Nothing is started. Only DNS is asked, 2 s at the most, where the file has names: an upstream or gateway to which no " +
        "address of listen is on the way is a warning. So is an address or interface in listen that this router doesn't have now, " +
        "since it may come; a file none of whose addresses is here is taken for another router's. For what else hinders calls on this router there is branchline doctor.",
    ],
    arguments: [{ name: "file", help: "The file to check; - is standard input", isOptional: true, completes: "file" }],
    options: [
      CONFIG_OPTION_WITHOUT_DEFAULT,
      JSON_OPTION,
      { name: "quiet", letter: "q", help: "Print faults and warnings only" },
    ],
    examples: [
      { line: "branchline check", does: "Check the file of this router" },
      { line: "branchline check new.yaml", does: "Check another file" },
      { line: "ssh router cat branchline.yaml | branchline check -", does: "Check what comes in" },
    ],
    exits: { 0: "The file is valid; there may be warnings", 2: "The file can't be used, or can't be read" },
    seeAlso: ["doctor", "reload", "explain"],
    action: (values) => checkAndPrint(values),
  }),
  command({
    name: "phones",
    help: "Show what to set on phones, by maker",
    group: "Set up",
    description: [
      "Show the outbound proxy that all phones need, or one maker's menus and the keys of its provisioning files, with the " +
        "addresses of this router. While the file has faults, the configuration that runs counts.",
      `Makers: ${MAKER_NAMES.join(", ")}.`,
    ],
    arguments: [{ name: "maker", help: "The phones' maker", isOptional: true, completes: MAKER_NAMES }],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [
      { line: "branchline phones", does: "What is the phones' outbound proxy?" },
      { line: "branchline phones yealink", does: "What do I enter on a Yealink?" },
      { line: "branchline phones --json", does: "The same of all makers, for a script" },
    ],
    exits: { 2: "Unknown maker, or a configuration that can't be used" },
    seeAlso: ["init", "registered"],
    action: (values) => phones(values),
  }),
];
