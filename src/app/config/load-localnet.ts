/** The file's `localnet`: the phones' networks. */
import { IpRange, IpRanges } from "../../base/ip-range.ts";
import { list, type Rows, required, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  localnet: required(list(text()), "[10.222.237.0/24]"),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    localnet: {
      kind: "network, or list of them",
      pattern: "^\\s*[0-9A-Fa-f.:]+(/\\d{1,3})?\\s*$",
      words: "The phones' networks, each as `ADDRESS/LENGTH`. An address without a length is a single host.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    localnet: {
      about:
        "The phones' networks. In an outage, only phones in these networks can call. Any machine in these networks may dial out, even while upstream answers: a call that names a gateway goes there at once.",
      example: "localnet: [10.222.237.0/24]",
    },
  };
}

export const LOCALNET = section(KEYS, (reader, top) => {
  return new IpRanges(top.required("localnet", (place) => loadLocalnet(reader, place)) ?? []);
});

/** 10.0.0.0/8 is the largest private network. */
const PREFIX_LEAST_bits = 8;

function loadLocalnet(reader: Reader, place: Place): IpRange[] {
  const ranges: IpRange[] = [];
  for (const item of reader.items(place)) {
    const text = reader.text(item, "a network, such as 10.222.237.0/24");
    if (text === undefined) continue;
    const range = IpRange.parse(text);
    if (range === undefined) {
      reader.fault(item, `"${text}" is not a network; write address/length, such as 10.222.237.0/24`);
      continue;
    }
    if (range.prefix_bits < PREFIX_LEAST_bits) {
      reader.fault(
        item,
        `${text} is too large, and every address in localnet may dial out; name the phones' network alone`,
      );
      continue;
    }
    if (range.hasHostBits) {
      const meant = `${range.network}/${range.prefix_bits}`;
      reader.fault(item, `${text} is an address within a network, not the network; did you mean ${meant}?`);
      continue;
    }
    const other = ranges.find((one) => one.overlaps(range));
    if (other !== undefined) reader.fault(item, `${text} overlaps ${other.text}; keep the larger one`);
    ranges.push(range);
  }
  if (ranges.length === 0 && reader.items(place).length === 0) {
    reader.fault(place, "is empty, so no phone would be served; name the phones' network, such as [10.222.237.0/24]");
  }
  return ranges;
}
