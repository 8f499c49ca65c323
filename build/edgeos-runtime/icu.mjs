/**
 * ICU's data: 31 MB of locales, of which a SIP proxy needs next to nothing. Node aborts without any, so English stays.
 * Layout: header, number of items, for each item the offsets of its name and its data, the names, the items in order
 * of their names. Offsets count from the end of the header.
 */

const LOCALES = ["root", "en", "en_001", "en_US", "en_US_POSIX"];
/** What locales of a folder share. */
const COMMON = ["pool", "res_index", "supplementalData", "tzdbNames"];
const FOLDERS = ["", "brkitr/", "coll/", "curr/", "lang/", "region/", "unit/", "zone/"];
const NOT_LOCALES = `cnvalias.icu nfkc.nrm nfkc_cf.nrm uemoji.icu ulayout.icu uts46.nrm
  dayPeriods.res genderList.res grammaticalFeatures.res icustd.res icuver.res keyTypeData.res langInfo.res
  likelySubtags.res metaZones.res metadata.res numberingSystems.res pluralRanges.res plurals.res supplementalData.res
  timezoneTypes.res units.res windowsZones.res zoneinfo64.res
  brkitr/char.brk brkitr/line.brk brkitr/sent.brk brkitr/word.brk coll/ucadata.icu`;

const KEPT = new Set([
  ...NOT_LOCALES.split(/\s+/),
  ...FOLDERS.flatMap((folder) => [...LOCALES, ...COMMON].map((name) => `${folder}${name}.res`)),
]);
const ALIGNMENT = 16;

/**
 * Keeps English, in place: what is left is zeros, which take no room in a squashfs image.
 * @param library libicudata.so as Debian ships it
 * @returns the library, and how many bytes of data were kept
 */
export function trimIcuData(library) {
  const trimmed = Buffer.from(library);
  // "CmnD" is the format's name, at a fixed place of the header.
  const start = library.indexOf("CmnD") - 12;
  if (start < 0 || library.readUInt16LE(start + 2) !== 0x27da) throw new Error("no ICU data found");
  const base = start + library.readUInt16LE(start);
  const items = itemsOf(library, base);
  const kept = items.slice(0, -1).filter(({ name }) => KEPT.has(name.slice(name.indexOf("/") + 1)));
  const names = kept.map(({ name }) => `${name}\0`).join("");

  let name_at = 4 + 8 * kept.length;
  let data_at = aligned(name_at + names.length);
  // Nothing moves towards the end, so that nothing is overwritten before it is copied.
  trimmed.fill(0, base, base + items.at(-1).from);
  trimmed.writeUInt32LE(kept.length, base);
  trimmed.write(names, base + name_at, "latin1");
  kept.forEach(({ name, from, to }, index) => {
    trimmed.writeUInt32LE(name_at, base + 4 + 8 * index);
    trimmed.writeUInt32LE(data_at, base + 8 + 8 * index);
    library.copy(trimmed, base + data_at, base + from, base + to);
    name_at += name.length + 1;
    data_at = aligned(data_at + to - from);
  });
  return { library: trimmed, items: kept.length, bytes: data_at };
}

/** The last one's end is unknown, so that it has none. */
function itemsOf(library, base) {
  const items = [];
  for (let index = 0; index < library.readUInt32LE(base); index += 1) {
    const name_at = base + library.readUInt32LE(base + 4 + 8 * index);
    const name = library.toString("latin1", name_at, library.indexOf(0, name_at));
    items.push({ name, from: library.readUInt32LE(base + 8 + 8 * index) });
  }
  return items.map((item, index) => ({ ...item, to: items[index + 1]?.from }));
}

function aligned(offset) {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
