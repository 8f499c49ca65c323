/** `branchline schema`: deploy/branchline.schema.json, which the tests make of the table of keys. */
import * as zlib from "zlib";
import { print } from "./paper.ts";

export function printSchema(): void {
  print(zlib.inflateRawSync(Buffer.from(BRANCHLINE_SCHEMA, "base64")).toString());
}
