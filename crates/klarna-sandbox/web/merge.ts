// Data of a later call over data of an earlier one.

import type { Data } from "./types.ts";

function isObject(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `over` upon `under`, member by member; lists are replaced whole. Neither is changed. */
export function merge(under: Data, over: Data): Data {
  const merged: Data = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return merged;
}
