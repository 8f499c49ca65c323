/** The file's `localnet`: the phones' networks. */
import { IpRange, IpRanges } from "../../base/ip-range.ts";
import { list, type Rows, text } from "./key-kinds.ts";
import type { WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  localnet: list(text()),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    localnet: "the phones' networks; only they get survival and may dial out",
  };
}

export const LOCALNET = section(KEYS, (reader, top) => {
  return new IpRanges(top.required("localnet", "[10.222.237.0/24]", (place) => loadLocalnet(reader, place)) ?? []);
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
        `${text} is half the world, and whoever is in localnet may dial out; name the phones' network`,
      );
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
