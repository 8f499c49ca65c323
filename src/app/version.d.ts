/** Set by the bundler from package.json. */
declare const BRANCHLINE_VERSION: string;
