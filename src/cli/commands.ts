/**
 * The table of commands: one row each. From it are made the command line (`cli.ts`), help (`help.ts`), completion
 * (`completion.ts`), and by `npm run reference` the pages deploy/commands.md, deploy/man/ and deploy/completion/.
 *
 * Another option: an element of `options` in the command's row (in `commands/`, a file for each group), and its name where the
 * row's `action` takes its values: `action: ({ config, json, last }) => …`. An option with `value: "COUNT"` gives a text (with
 * `default`, always), one without gives true or false. `choices` limits the values, `fault` refuses some with a reason,
 * `completes: "file"` has shells offer files. All names and types are checked: a wrong one doesn't compile.
 *
 * Another command: a row `command({ … })` in the list of its group; `command-row.ts` tells what each field is. Its action
 * prints by `paper.ts` and ends with a status of `exit.ts`. Nothing else names it.
 *
 * After either: `npm run reference`, and look at the diff of deploy/.
 */
import { type CommandRow, GROUPS } from "./command-row.ts";
import { CHANGE } from "./commands/change.ts";
import { itselfRows } from "./commands/itself.ts";
import { LOOK } from "./commands/look.ts";
import { RUN } from "./commands/run.ts";
import { SET_UP } from "./commands/set-up.ts";
import { TRACE } from "./commands/trace.ts";

export const COMMANDS: readonly CommandRow[] = inGroups([
  ...RUN,
  ...LOOK,
  ...TRACE,
  ...CHANGE,
  ...SET_UP,
  ...itselfRows(() => COMMANDS),
]);

/** In the order of help. */
function inGroups(rows: readonly CommandRow[]): CommandRow[] {
  return GROUPS.flatMap((group) => rows.filter((row) => row.group === group));
}
