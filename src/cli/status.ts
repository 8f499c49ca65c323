/** `branchline status`: the state of the running proxy. */
import { statusText } from "../app/words/status-words.ts";
import { compareFile } from "./file-on-disk.ts";
import { reader } from "./reader.ts";
import { restartOf, show, theRunning } from "./running.ts";

/**
 * Prints the state of the branchline that runs with the file, and whether the file on disk is what runs.
 * @param isVerbose with all tables and all changes
 */
export async function showStatus(file: string, isVerbose: boolean, asJson: boolean): Promise<void> {
  const running = await theRunning(file);
  const { status } = await running.ask({ command: "status" });
  const disk = compareFile(file, await running.tryToAsk({ command: "file" }));
  const text = statusText(
    status,
    { isVerbose, disk, restart: restartOf(file), installed: BRANCHLINE_VERSION },
    reader(),
  );
  show(text, asJson, { ...status, file_on_disk: disk });
}
