/** Reason phrases of the status codes that we send ourselves (RFC 3261 §21). */
const REASONS: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  181: "Call Is Being Forwarded",
  200: "OK",
  302: "Moved Temporarily",
  380: "Alternative Service",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  414: "Request-URI Too Long",
  416: "Unsupported URI Scheme",
  420: "Bad Extension",
  440: "Max-Breadth Exceeded",
  480: "Temporarily Unavailable",
  481: "Call/Transaction Does Not Exist",
  482: "Loop Detected",
  483: "Too Many Hops",
  487: "Request Terminated",
  489: "Bad Event",
  500: "Server Internal Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  505: "Version Not Supported",
  513: "Message Too Large",
};

export function reasonPhrase(status: number): string {
  return REASONS[status] ?? "Unknown";
}
