// On each of the sandbox's own pages: keeps what changes as new as the store, without touching what
// did not change, and copies a text.

import { follow } from "./live.ts";

const main = document.querySelector<HTMLElement>("main[data-live]");
if (main) {
  follow(main);
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  if (!source || !navigator.clipboard) {
    continue;
  }
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", () => {
    const say = (text: string): void => {
      button.textContent = text;
      setTimeout(() => {
        button.textContent = name;
      }, 2_000);
    };
    navigator.clipboard.writeText(source.textContent ?? "").then(
      () => say("Copied"),
      () => {
        // Not allowed here: at least it is selected.
        getSelection()?.selectAllChildren(source);
        say("Press Ctrl+C");
      },
    );
  });
}
