/** The commented sample as a package brings it, and the schema by which editors check it. */

export const SCHEMA = "branchline.schema.json";

/**
 * @param {string} text deploy/branchline.yaml
 * @param {object} places
 * @param {string} places.schema where the package has the schema: the sample is copied to other folders
 * @param {string} [places.state] the folder of the state, where that isn't beside the file
 */
export function sampleFor(text, { schema, state }) {
  const named = replaced(text, /\$schema=\S+/, `$schema=${schema}`);
  return state === undefined ? named : replaced(named, /^# state: state$/m, `state: ${state}`);
}

function replaced(text, pattern, line) {
  if (!pattern.test(text)) throw new Error(`deploy/branchline.yaml has nothing like ${pattern} any more`);
  return text.replace(pattern, () => line);
}
