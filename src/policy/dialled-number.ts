/** What a phone has dialled. */
import type { RoutedRequest } from "../proxy/router.ts";

/** The user of a SIP URI, or the number of a tel URI (RFC 3966), as it came. */
export function dialledUser({ uri, request }: RoutedRequest): string | undefined {
  return uri === undefined ? /^tel:([^;]+)/i.exec(request.requestUri)?.[1] : uri.user;
}

/** The same for comparing: escapes read, parameters and visual separators gone (RFC 3966 §5.1.1). */
export function plainNumber(user: string): string {
  const [number = ""] = readEscapes(user).split(/[;:]/);
  return number.replace(/[-.() ]/g, "");
}

/** RFC 5031: a service URN names the emergency without a number. */
export function isEmergencyUrn(requestUri: string): boolean {
  return /^urn:service:sos(?:\.|$)/i.test(requestUri);
}

function readEscapes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
