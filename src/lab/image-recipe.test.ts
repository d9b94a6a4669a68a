import { describe, expect, test } from "vitest";
import { aptSources, type ImageRecipe, imageFiles, recipeDigest } from "./image-recipe.ts";

const recipe: ImageRecipe = { suite: "bookworm", mirror: "http://mirror.example/debian" };

describe("the recipe of a machine image", () => {
  test("has the updates and the security fixes of the release, from the same mirror", () => {
    expect(aptSources(recipe)).toEqual([
      "deb http://mirror.example/debian bookworm main",
      "deb http://mirror.example/debian bookworm-updates main",
      "deb http://mirror.example/debian-security bookworm-security main",
    ]);
  });

  test("another release, mirror or proxy is another image, the same recipe the same one", () => {
    const others: ImageRecipe[] = [
      { ...recipe, suite: "trixie" },
      { ...recipe, mirror: "http://other.example/debian" },
      { ...recipe, proxy: "http://proxy.example:3128" },
    ];
    expect(new Set([recipe, ...others].map(recipeDigest)).size).toBe(4);
    expect(recipeDigest({ ...recipe })).toBe(recipeDigest(recipe));
  });

  test("machines use the host's proxy for packages, and have no file about one without it", () => {
    const proxies = (one: ImageRecipe) => imageFiles(one).filter(({ path }) => path.includes("proxy"));
    expect(proxies(recipe)).toEqual([]);
    expect(proxies({ ...recipe, proxy: "http://proxy.example:3128" }).map(({ content }) => content)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";\n',
    ]);
  });
});
