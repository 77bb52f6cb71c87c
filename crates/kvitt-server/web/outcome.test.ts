import assert from "node:assert/strict";
import { test } from "node:test";

import { address, backOff, finalOutcomeOf, outcomeOf } from "./outcome.ts";

test("only approved with a token is approved", () => {
  assert.deepEqual(outcomeOf({ show_form: true, approved: true, authorization_token: "t" }), {
    kind: "approved",
    token: "t",
  });
  const unfinished = outcomeOf({ show_form: true, approved: true, finalize_required: true });
  assert.equal(unfinished.kind, "unfinished");
  assert.equal(outcomeOf({ show_form: false, approved: true }).kind, "unfinished");
});

test("the form tells an abort from a denial", () => {
  assert.equal(outcomeOf({ show_form: true, approved: false }).kind, "closed");
  assert.equal(outcomeOf({ show_form: false, approved: false }).kind, "denied");
  assert.equal(outcomeOf(undefined).kind, "denied");
  assert.deepEqual(
    outcomeOf({ show_form: true, approved: false, error: { invalid_fields: ["a.b"] } }),
    { kind: "fixable", fields: ["a.b"] },
  );
  const none = outcomeOf({ show_form: true, approved: false, error: { invalid_fields: [] } });
  assert.equal(none.kind, "closed");
});

test("what is typed stands over what is known", () => {
  const known = { email: "a@b.se", title: "Ms", city: "Lund" };
  assert.deepEqual(address(known, { email: " c@d.se ", city: "" }, "SE"), {
    email: "c@d.se",
    title: "Ms",
    country: "SE",
  });
  assert.equal(address(null, { email: "", city: " " }, "SE"), undefined);
  assert.equal(address({ country: "SE" }, {}, "SE"), undefined);
  assert.deepEqual(address({ country: "NO" }, { city: "Oslo" }, "SE"), {
    country: "NO",
    city: "Oslo",
  });
});

test("pauses grow to a limit", () => {
  assert.deepEqual([0, 1, 2, 10].map(backOff), [1000, 2000, 4000, 15_000]);
});

test("the second step's no may be tried again, and its silence is no answer", () => {
  const token = { show_form: true, approved: true, authorization_token: "t" };
  assert.equal(finalOutcomeOf(token).kind, "approved");
  assert.equal(finalOutcomeOf({ show_form: false, approved: false }).kind, "closed");
  assert.equal(finalOutcomeOf({ show_form: true, approved: true }).kind, "unclear");
});
