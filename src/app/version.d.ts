/** Set by the bundler from package.json. */
declare const BRANCHLINE_VERSION: string;
/** Set by the bundler: when the commit was made that it was built from, in ISO 8601. */
declare const BRANCHLINE_BUILT: string;
