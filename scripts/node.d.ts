// The little of Node.js that unit tests use. The rest of it does not exist in a browser.

declare module "node:test" {
  export function test(name: string, run: () => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  const assert: {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    throws(run: () => unknown, expected: { name: string } | RegExp): void;
    ok(value: unknown, message?: string): void;
  };
  export default assert;
}
