/** Loaded by `import()`. */
export const said = "a part\n";
