/** What members behind one address say of each other in `status`, in virtual time. */
import { expect, test } from "vitest";
import { anycastScene } from "../cluster/support/anycast-scene.ts";

test("of a member to which the way is cut, who hears it; of one that is dead, nobody", async () => {
  const { group } = await anycastScene(1);
  const seen = (by: string, name: string) =>
    group
      .node(by)
      .node.facts(String, 0)
      .members.find((one) => one.name === name);
  expect(group.node("node1").node.facts(String, 0).mode).toBe("anycast");
  expect(seen("node1", "node2")).toMatchObject({ life: "alive", heard_by: undefined });
  group.cut("node1", "node2");
  group.run(2_000);
  expect(seen("node1", "node2")).toMatchObject({ life: "dead", heard_by: ["node3"] });
  expect(seen("node2", "node1")).toMatchObject({ life: "dead", heard_by: ["node3"] });
  expect(seen("node3", "node1")).toMatchObject({ life: "alive", heard_by: undefined });
  group.heal();
  group.run(2_000);
  expect(seen("node1", "node2")).toMatchObject({ life: "alive", heard_by: undefined });
  group.kill("node2");
  group.run(2_000);
  expect(seen("node1", "node2")).toMatchObject({ life: "dead", heard_by: undefined });
});

test("one that has stopped, and is started behind a cut, is heard by the third one", async () => {
  const { group } = await anycastScene(1);
  const seen = () => group.node("node1").node.facts(String, 0).members[0];
  await group.stop("node2");
  group.run(2_000);
  expect(seen()).toMatchObject({ name: "node2", life: "left", heard_by: undefined });
  group.cut("node1", "node2");
  await group.boot("node2");
  group.run(2_000);
  expect(seen()).toMatchObject({ name: "node2", life: "left", heard_by: ["node3"] });
});
