/** Callers that take no unreliable provisional response. */
import { REQUIRE } from "../message/header-names.ts";
import type { Request } from "../message/message.ts";

/** RFC 3262 §3: a caller that requires 100rel gets no unreliable provisional response but 100, and so no notice to hear out. */
export function wantsReliable(request: Request): boolean {
  return request.list(REQUIRE).some((tag) => tag.toLowerCase() === "100rel");
}
