/** Commands of the group "Set up": the configuration file, phones, shells. */

import { MAKER_NAMES } from "../../setup/init/phones.ts";
import { checkAndPrint } from "../check.ts";
import { cluster, idFault } from "../cluster.ts";
import { asFault, neighborFault, OWN_AS } from "../cluster-route.ts";
import {
  CONFIG_OPTION,
  CONFIG_OPTION_WITHOUT_DEFAULT,
  type CommandRow,
  command,
  JSON_OPTION,
  OUTPUT_OPTION,
  SET_OPTION,
} from "../command-row.ts";
import { hearFault, init } from "../init.ts";
import { phones } from "../phones.ts";
import { printSchema } from "../schema.ts";

export const SET_UP: readonly CommandRow[] = [
  command({
    name: "init",
    help: "Examine the network, and write a configuration file",
    group: "Set up",
    description: [
      "Examine this router's addresses, listen for phones, ask for what wasn't found, show all answers, and write the " +
        "file. init hears only what is sent to this router. To let it detect the PBX and the extensions, first set the " +
        "outbound proxy of one phone to this router, and restart that phone while init listens (--hear). Enter ends the listening.",
      "In each LAN that is /24 or smaller, init sends one OPTIONS to each address, 200 a second, 768 at the most, so that it " +
        "finds a gateway that has been silent. In larger LANs, and in LANs with another router, it asks only machines in " +
        "this router's ARP table. It sends nothing towards the Internet or into a tunnel, and prints the networks that it " +
        "asks. With --hear 0 it asks no machine. --listen names the addresses from which it asks.",
      "init looks up the PBX's name, asks the kernel from which of this router's addresses it would reach the PBX, and " +
        "proposes these addresses for --listen. init sends nothing to the PBX.",
      "If branchline runs on this router already, init takes phones, upstream and gateways from it: run init as root, or as a " +
        "member of the group branchline-monitor. The proposals are then those of its file. init keeps keys for which it " +
        "doesn't ask, and names those that belong to an answer you change. If another program uses the phones' port, init " +
        "says so.",
      "init asks you nothing with --yes, or with all of --localnet, --upstream, --gateway, --members and --listen. Without " +
        "--emergency, the file then has no emergency numbers. These " +
        "options accept sips:pbx.example.com, tcp: and tls: in front of an address, and IPv6. If init finds no PBX, no " +
        "gateway or no way to them, --yes refuses and names the missing options. --yes accepts the phones that init hears: " +
        "use it only on a LAN that you trust.",
    ],
    arguments: [],
    options: [
      OUTPUT_OPTION,
      { name: "localnet", value: "NETWORKS", help: "Networks of the phones" },
      { name: "upstream", value: "URIS", help: "The PBX, or none" },
      { name: "gateway", value: "URIS", help: "The PSTN gateway, or none" },
      { name: "members", value: "EXTENSIONS", help: "Extensions that ring when the gateway calls, or none" },
      { name: "emergency", value: "NUMBERS", help: "Emergency numbers, always sent to the gateway first; or none" },
      { name: "listen", value: "ADDRESSES", help: "Addresses of this router to listen on" },
      {
        name: "hear",
        value: "SECONDS",
        help: "Time to listen for phones; 0: don't listen",
        default: "5",
        fault: hearFault,
      },
      { name: "yes", letter: "y", help: "Ask nothing; refuse if init finds too little" },
      { name: "force", help: "Overwrite an existing file; keep it as FILE.old" },
    ],
    examples: [
      { line: "sudo branchline init", does: "Ask, and write the file of this router" },
      { line: "branchline init --yes -c -", does: "Print what init would write" },
      {
        line: "branchline init --upstream sip:pbx.example.com --gateway sip:10.10.1.3",
        does: "Give two answers, and be asked for the others",
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
      "With the schema, editors that have the YAML language server (VS Code, Neovim, Emacs) complete and check the file " +
        "while you type. The file's first line names the schema: # yaml-language-server: $schema=FILE.",
      "The packages install the schema as branchline.schema.json, and init then writes that line. The schema checks " +
        "single values. branchline check also checks whether the values fit together.",
    ],
    arguments: [],
    options: [],
    examples: [
      {
        line: "branchline schema > branchline.schema.json",
        does: "Keep the schema beside the file, on your own machine",
      },
    ],
    seeAlso: ["check"],
    action: () => printSchema(),
  }),
  command({
    name: "check",
    help: "Check a configuration file, and say what it will do",
    group: "Set up",
    description: [
      "Say in sentences what branchline will do with the file, or name each fault with its line, column and cure. " +
        "Warnings name what is valid but perhaps not intended. The last line is the verdict.",
      "check starts nothing. If the file has names, it asks DNS, for 2 s at the most. It warns if no address of listen is " +
        "on the way to upstream or a gateway, and if this router doesn't have an address or interface of listen now. If " +
        "the router has none of the file's addresses, check takes the file for another router's.",
      "With --print, check prints the configuration as it is in effect, as one file: with all that it includes, and with values " +
        "in place of variables. Passwords are hidden unless --secrets is given.",
    ],
    arguments: [{ name: "file", help: "The file to check; - is standard input", isOptional: true, completes: "file" }],
    options: [
      CONFIG_OPTION_WITHOUT_DEFAULT,
      JSON_OPTION,
      { name: "quiet", letter: "q", help: "Print faults and warnings only" },
      SET_OPTION,
      { name: "print", help: "Print the file in effect, in place of what it does" },
      { name: "secrets", help: "With --print: show passwords" },
    ],
    examples: [
      { line: "branchline check", does: "Check the file of this router" },
      { line: "branchline check new.yaml", does: "Check another file" },
      { line: "ssh router cat branchline.yaml | branchline check -", does: "Check a file of another machine" },
      { line: "branchline check --print --set PBX=10.0.0.1", does: "See what variables and included files make" },
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
      "Show the outbound proxy that all phones need, or one maker's menus and the keys of its provisioning files, with " +
        "the addresses of this router. While the file has faults, the running configuration counts.",
      `Makers: ${MAKER_NAMES.join(", ")}.`,
    ],
    arguments: [{ name: "maker", help: "The phones' maker", isOptional: true, completes: MAKER_NAMES }],
    options: [CONFIG_OPTION, JSON_OPTION],
    examples: [
      { line: "branchline phones", does: "What is the phones' outbound proxy?" },
      { line: "branchline phones yealink", does: "What do I set on a Yealink?" },
      { line: "branchline phones --json", does: "Print the settings of all makers, for a script" },
    ],
    exits: { 2: "Unknown maker, or a configuration that can't be used" },
    seeAlso: ["init", "registered"],
    action: (values) => phones(values),
  }),
  command({
    name: "cluster",
    help: "Print settings of VRRP or of routing, or make the secret",
    group: "Set up",
    description: [
      "Print the settings of the VRRP that moves the shared addresses from one router of a pair to the other. keepalived " +
        "prints the configuration of keepalived 2.1 or newer, openwrt the file /etc/config/keepalived of OpenWrt's package, " +
        "edgeos the commands of EdgeOS. The members are those of the configuration file. Run the command on both routers: " +
        "each router has its own priority and addresses.",
      "A shared address comes to the interface that the file names, or else to the one that has another address in the same " +
        "network. If that interface has no other IPv4 address, the shared address moves with those of the interface by which " +
        "the members reach each other. VRRP's advertisements go to the other member alone on that interface. On other " +
        "interfaces they are multicast.",
      "For members that all have one address (cluster.mode: anycast), print the configuration of the routing daemon that " +
        "announces this address: bird for BIRD 2, frr for FRR 8, exabgp for ExaBGP 4. Its comments say what belongs into " +
        "cluster.route, and what the router needs. With --neighbor, the daemon speaks BGP with this router; without it, OSPF " +
        "on the interface of this member's own address. For an IPv6 address, name the router's IPv6 address. Run the command on each member.",
      "With --systemd, print a shell script in place of that. Run it as root: branchline may then tell the routing daemon what to do, the " +
        "route is withdrawn when branchline ends, and the service branchline-route withdraws it while branchline hangs.",
      "secret makes the secret that all members need, in the file that cluster.secret names or in FILE. Only the owner of " +
        "the file's folder can read it. On the other routers, secret --from takes over this secret.",
    ],
    arguments: [
      {
        name: "what",
        help: "One of keepalived, openwrt, edgeos, bird, frr, exabgp, secret",
        choices: ["keepalived", "openwrt", "edgeos", "bird", "frr", "exabgp", "secret"],
      },
      { name: "file", help: "Of secret: the file to make", isOptional: true, completes: "file" },
    ],
    options: [
      CONFIG_OPTION,
      { name: "id", value: "NUMBER", help: "Number of the first virtual router", default: "51", fault: idFault },
      {
        name: "neighbor",
        value: "ADDRESS[,AS]",
        help: "Announce by BGP to this router; may be given several times",
        isRepeatable: true,
        fault: neighborFault,
      },
      { name: "as", value: "NUMBER", help: "Number of this member in BGP", default: OWN_AS, fault: asFault },
      { name: "systemd", help: "Print what systemd needs, as a shell script" },
      { name: "from", value: "FILE", help: "Of secret: copy it from FILE; - is standard input", completes: "file" },
      { name: "force", help: "Of secret: overwrite an existing file" },
    ],
    examples: [
      { line: "branchline cluster keepalived > keepalived.conf", does: "Print the configuration of keepalived" },
      { line: "branchline cluster bird > bird.conf", does: "Print the configuration of BIRD, with OSPF" },
      {
        line: "branchline cluster frr --neighbor 10.205.205.254,65000",
        does: "Print the configuration of FRR, with BGP",
      },
      { line: "branchline cluster bird --systemd | sudo sh", does: "Let systemd withdraw the route" },
      { line: "sudo branchline cluster secret", does: "Make the secret that the configuration file names" },
      {
        line: "sudo branchline cluster secret --from -",
        does: "Take over another member's secret: paste it, then Ctrl-D",
      },
    ],
    exits: {
      1: "An interface isn't known, or its VRRP can't be set; or the secret can't be read or written",
      2: "The file has faults, no cluster or one of another mode; or the secret is there already",
    },
    seeAlso: ["drain", "check"],
    action: (values) => cluster(values),
  }),
];
