import assert from "node:assert/strict";
import { test } from "node:test";

import { asset, cleanLink } from "./link.ts";

test("a link is the same whatever was appended to it", () => {
  const link = "https://pay.example/checkout/chk_1/secret";
  for (const pasted of ["", "/", "//", "?utm_source=mail", "/?a=b#c", "#pay"]) {
    assert.equal(cleanLink(link + pasted, "https://shop.example/pay"), link, pasted);
  }
  assert.equal(cleanLink("/checkout/chk_1/secret", "https://pay.example/x?y"), link);
});

test("files are beside the checkouts, under whatever path that is", () => {
  assert.equal(asset("https://pay.example/checkout/chk_1/s", "embed.js"), "https://pay.example/embed.js");
  assert.equal(
    asset("https://shop.example/kvitt/checkout/chk_1/s", "assets/checkout.css"),
    "https://shop.example/kvitt/assets/checkout.css",
  );
});
