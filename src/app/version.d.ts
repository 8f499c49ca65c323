/** Set by the bundler from package.json. */
declare const BRANCHLINE_VERSION: string;
/** Set by the bundler: when the commit was made that it was built from, in ISO 8601. */
declare const BRANCHLINE_BUILT: string;
/** Set by the bundler: the commit that it was built from, 12 digits; with a + behind it when files were changed since. */
declare const BRANCHLINE_COMMIT: string;
/** Set by the bundler: deploy/branchline.schema.json, deflated (RFC 1951). */
declare const BRANCHLINE_SCHEMA: string;
/** Set by the bundler: the status page by gzip, the policy that it is sent with, and a tag that changes with it (build/page.mjs). */
declare const BRANCHLINE_PAGE: string;
declare const BRANCHLINE_PAGE_POLICY: string;
declare const BRANCHLINE_PAGE_TAG: string;
/** Set by the bundler: how the octets of the two packed texts are written; of bytecode, a character is one. */
declare const BRANCHLINE_PACKED: "base64" | "latin1";
