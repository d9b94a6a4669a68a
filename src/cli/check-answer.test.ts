import { describe, expect, test } from "vitest";
import { checkAnswer, checkHosts } from "./check-answer.ts";

describe("an answer to init", () => {
  test.each([
    ["name", "prod"],
    ["vip", "10.0.0.10/24"],
    ["vip", "fd00::10/64"],
    ["endpoint", "api.example.com"],
    ["endpoint", "10.0.0.99"],
    ["user", "admin"],
  ] as const)("of %s can be %s", (question, text) => {
    expect(checkAnswer(question, text)).toBeUndefined();
  });

  test.each([
    ["name", "Bad Name", "Bad Name is not a cluster name: 1 to 40 lower-case letters"],
    ["name", "prod-", "is not a cluster name"],
    ["name", "", "This is needed"],
    ["vip", "10.0.0.10", "like 10.0.0.10/24"],
    ["vip", "10.0.0.10/99", "like 10.0.0.10/24"],
    ["vip", "api/24", "like 10.0.0.10/24"],
    ["endpoint", "10.0.0.300", "is not a DNS name"],
    ["endpoint", " ", "This is needed"],
    ["user", "-oProxyCommand", "is not a user name"],
  ] as const)("of %s cannot be %j", (question, text, says) => {
    expect(checkAnswer(question, text)).toContain(says);
  });
});

test("a virtual IP cannot be a host's address", () => {
  expect(checkAnswer("vip", "10.0.0.1/24", ["lb-1=10.0.0.11"])).toBeUndefined();
  expect(checkAnswer("vip", "10.0.0.11/24", ["lb-1=10.0.0.11"])).toContain("10.0.0.11 is that of lb-1=10.0.0.11");
});

describe("hosts named to init", () => {
  test.each<[string[], string[]]>([
    [["cp-1=10.0.0.1", "cp-2=10.0.0.2"], []],
    [["cp-1=10.0.0.1"], ["cp-1=10.0.0.1"]],
    [["cp-1=fd00::1"], ["w-1=10.0.0.1"]],
    [[], []],
  ])("can be %j after %j", (words, before) => {
    expect(checkHosts(words, before)).toBeUndefined();
  });

  test.each<[string[], string[], string]>([
    [["nonsense"], [], "Write name=address"],
    [["cp-1=10.0.0.1=2"], [], "Write name=address"],
    [["CP_1=10.0.0.1"], [], "CP_1 is not a host name"],
    [["cp-1=10.0.0.300"], [], "10.0.0.300 is not an IP address"],
    [["w-1=10.0.0.1"], ["cp-1=10.0.0.1"], "w-1=10.0.0.1 and cp-1=10.0.0.1 cannot both be"],
    [["cp-1=10.0.0.2"], ["cp-1=10.0.0.1"], "cannot both be"],
    [["a=10.0.0.1", "b=10.0.0.1"], [], "cannot both be"],
  ])("cannot be %j after %j", (words, before, says) => {
    expect(checkHosts(words, before)).toContain(says);
  });
});
