/** What the image needs to know of ELF: 32-bit, little-endian. */

const PT_LOAD = 1;

/** Without what only linkers and debuggers read: section headers, and all behind what gets loaded. */
export function loadedPart(file) {
  const copy = Buffer.from(file.subarray(0, endOfLoaded(file)));
  copy.writeUInt32LE(0, 32); // e_shoff
  copy.writeUInt16LE(0, 48); // e_shnum
  copy.writeUInt16LE(0, 50); // e_shstrndx
  return copy;
}

function endOfLoaded(file) {
  if (file.toString("latin1", 0, 6) !== "\x7fELF\x01\x01") throw new Error("not a 32-bit little-endian ELF file");
  const headers = file.readUInt32LE(28);
  const size = file.readUInt16LE(42);
  const count = file.readUInt16LE(44);
  let end = headers + size * count;
  for (let at = headers; at < headers + size * count; at += size) {
    const isLoaded = file.readUInt32LE(at) === PT_LOAD;
    if (isLoaded) end = Math.max(end, file.readUInt32LE(at + 4) + file.readUInt32LE(at + 16));
  }
  return end;
}
