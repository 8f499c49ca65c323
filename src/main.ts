import { runCli } from "./cli/cli.ts";

runCli(process.argv);
