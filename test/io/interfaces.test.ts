/** Which addresses are near: by this machine's interfaces, which are played here. */
import { expect, test, vi } from "vitest";
import { isNear } from "../../src/io/node/interfaces.ts";

vi.mock("os", () => {
  const address = (cidr: string) => ({ address: cidr.split("/")[0], cidr });
  return {
    networkInterfaces: () => ({
      lan: [address("10.222.237.1/24"), address("2001:db8:7::1/64")],
      wan: [address("203.0.113.2/32"), { address: "198.51.100.9", cidr: null }],
    }),
  };
});

test.each([
  ["10.20.0.15", "a private address, on whatever network"],
  ["fd00::15", "a private one of IPv6"],
  ["2001:db8:7::15", "on a network of ours, though it could be reached from everywhere"],
])("%s is near: %s", (address) => expect(isNear(address)).toBe(true));

test.each([
  ["192.0.2.66", "somebody in the Internet"],
  ["203.0.113.3", "behind no network of ours: the line's is one address"],
  ["2001:db8:8::15", "another network"],
  ["10.222.237.1", "our own"],
  ["203.0.113.2", "our own"],
])("%s isn't: %s", (address) => expect(isNear(address)).toBe(false));
