// One line for each step; the end at the first thing that is not as expected.

import { isDeepStrictEqual } from "node:util";

let steps = 0;

/** Compares each member, given as [what came back, what was written down by hand]. */
export function check(step, members) {
  for (const [member, [got, expected]] of Object.entries(members)) {
    if (!isDeepStrictEqual(got, expected)) {
      const [wanted, found] = [JSON.stringify(expected), JSON.stringify(got)];
      throw new Error(`FAILED ${step}: ${member}\n  expected ${wanted}\n  got      ${found}`);
    }
  }
  steps += 1;
  console.log(`ok ${step}`);
}

/** Takes the steps, stops the sandbox whatever happens, and says how it went. */
export async function walk(client, sandbox, takeSteps) {
  try {
    await takeSteps();
    console.log(`${client}: ${steps} steps are as expected.`);
  } catch (error) {
    // The answer alone: whole errors of HTTP libraries fill screens.
    const { status, data } = error.response ?? {};
    console.error(error.stack, ...(status ? [status, data] : []));
    process.exitCode = 1;
  } finally {
    await sandbox.stop();
  }
}

/** Any pair will do for the sandbox, but for the password `wrong`. */
export function basic(password) {
  return `Basic ${Buffer.from(`PK00000_test:${password}`).toString("base64")}`;
}

/** A request that no client makes here. */
export async function plain(sandbox, method, path, body) {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization: basic("secret"), "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : "" };
}
