/** `branchline schema`: deploy/branchline.schema.json, which the tests make of the table of keys. */
import * as zlib from "zlib";
import { printData } from "./paper.ts";

export function printSchema(): void {
  printData(zlib.inflateRawSync(Buffer.from(BRANCHLINE_SCHEMA, BRANCHLINE_PACKED)).toString());
}
