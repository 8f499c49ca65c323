/** fast-check, for all properties: its chance is that of `chance.ts`. */
import fc from "fast-check";
import { chosenSeed } from "./chance.ts";

fc.configureGlobal({ seed: chosenSeed("properties") });

export default fc;
