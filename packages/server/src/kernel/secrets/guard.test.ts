import { expect, test } from "vitest";
import { describeStore } from "../testing/describe-store.ts";
import { checkKeyring, secretsSchema } from "./index.ts";

describeStore("the keyring of an installation", (open) => {
  const owners = [secretsSchema];

  test("is noted at the first start and accepted at every next", async () => {
    await using database = await open({ owners });
    await checkKeyring(database.driver, { 1: "aaaa" });
    await checkKeyring(database.driver, { 1: "aaaa" });
    await expect(checkKeyring(database.driver, { 1: "aaaa", 2: "bbbb" })).resolves.toBeUndefined();
  });

  test("is refused when a number stands for another key, as after a lost ring", async () => {
    await using database = await open({ owners });
    await checkKeyring(database.driver, { 1: "aaaa" });
    await expect(checkKeyring(database.driver, { 1: "cccc" })).rejects.toMatchObject({
      code: "secrets.wrongKeyring",
    });
  });

  test("is refused when it lacks a key that values may be sealed with", async () => {
    await using database = await open({ owners });
    await checkKeyring(database.driver, { 1: "aaaa", 2: "bbbb" });
    await expect(checkKeyring(database.driver, { 2: "bbbb" })).rejects.toMatchObject({
      code: "secrets.unknownKey",
    });
  });
});
