/** The command line: commands and their arguments. */
import { Argument, Command } from "commander";
import { describe } from "../app/config/describe.ts";
import type { ControlQuestion } from "../app/control.ts";
import { readInterfaceNames } from "../io/node/interfaces.ts";
import { askAndPrint, explainAndPrint, reloadAndPrint } from "./ask.ts";
import { NAMED_FILE, STANDARD_FILE } from "./config-file.ts";
import { doctor } from "./doctor.ts";
import { EXIT_USAGE } from "./exit.ts";
import { type InitOptions, init, showPhones } from "./init.ts";
import { loadFile } from "./load-file.ts";
import { run } from "./run.ts";

type Forced = Extract<ControlQuestion, { command: "force" }>["state"];

interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly down?: boolean;
  readonly up?: boolean;
}

export function runCli(argv: readonly string[]): void {
  const program = new Command("branchline")
    .description("Outbound SIP proxy that keeps a branch office calling when the line to its PBX is cut.")
    .version(BRANCHLINE_VERSION)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));
  command(program, "run", "runs the proxy in the foreground; SIGHUP reads the file anew, SIGTERM stops").action(
    ({ config }: Options) => void run(config),
  );
  command(program, "check", "says in words what a configuration file will do, or what is wrong with it").action(
    ({ config }: Options) => {
      process.stdout.write(describe(loadFile(config, undefined, readInterfaceNames()) ?? process.exit(EXIT_USAGE)));
    },
  );
  command(program, "status", "shows how the running branchline is: upstream, gateways, phones, last changes")
    .option("--json", "as data")
    .action(({ config, json }: Options) => void askAndPrint(config, { command: "status" }, json === true));
  command(program, "registered", "lists registered phones, and members of hunt groups that aren't")
    .option("--json", "as data")
    .action(
      ({ config, json }: Options) => void askAndPrint(config, { command: "registered", after: "" }, json === true),
    );
  command(
    program,
    "reload",
    "has the running branchline read its file anew; says what has changed, or why it is refused",
  ).action(({ config }: Options) => void reloadAndPrint(config));
  command(program, "force", "pins upstream's state until a restart, whatever is seen; auto ends that")
    .addArgument(new Argument("<state>", "what upstream is taken to be").choices(["up", "down", "auto"]))
    .action((state: Forced, { config }: Options) => void askAndPrint(config, { command: "force", state }, false));
  command(program, "calls", "shows the last 200 calls: who decided about each, why, and what became of it")
    .option("--json", "as data")
    .action(({ config, json }: Options) => void askAndPrint(config, { command: "calls" }, json === true));
  command(program, "doctor", "looks at this router and the way to upstream: what harms calls, and what helps")
    .option("--fix", "makes the changes that it marks, through the router's own configuration")
    .option("--json", "as data")
    .action(({ config, json, fix }: Options) => void doctor(config, json === true, fix === true));
  command(program, "explain", "says what would become of a call, and which rule decides; sends nothing")
    .argument("<from>", "an extension, an IP address, or the name of a gateway")
    .argument("<number>", "what is dialled, or a URI")
    .option("--down", "as if upstream were down")
    .option("--up", "as if upstream were up")
    .action((from: string, to: string, { config, down, up }: Options) => {
      const upstream = down === true ? "down" : up === true ? "up" : undefined;
      void explainAndPrint(config, { from, to, upstream });
    });
  program
    .command("init")
    .description("looks around, asks, writes the configuration file, says what to set on phones")
    .option("-c, --config <file>", "where to, - prints it (default: where this kind of router has it)", NAMED_FILE)
    .option("--localnet <networks>", "the phones' networks")
    .option("--upstream <uris>", "the PBX, or none")
    .option("--gateway <uris>", "the PSTN gateway, or none")
    .option("--members <extensions>", "who rings when it calls, or none")
    .option("--emergency <numbers>", "what goes to it in any case")
    .option("--listen <addresses>", "this router's own")
    .option("--hear <seconds>", "how long to listen for phones", "5")
    .option("-y, --yes", "takes what is found, asks nothing")
    .option("--force", "writes over a file")
    .action((options: InitOptions) => void init(options));
  command(program, "phones", "says what to set on phones so that they come here").action(({ config }: Options) =>
    showPhones(config),
  );
  program.parse([...argv]);
}

function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("-c, --config <file>", "configuration file", STANDARD_FILE);
}
