// Where the keyboard is.

/**
 * Remembers what has the focus. The answer gives it back, unless it went elsewhere meanwhile: the
 * merchant's callback may have moved it, or a button that was locked cannot have it yet.
 */
export function keepFocus(): () => void {
  const before = document.activeElement;
  return () => {
    const now = document.activeElement;
    if (before instanceof HTMLElement && (now === null || now === document.body)) {
      before.focus();
    }
  };
}

/**
 * Keeps the keyboard in what lies over the page: whoever leaves `host` comes back by `enter`, and
 * Escape asks to close. The answer ends that.
 */
export function keepInside(host: HTMLElement, enter: () => void, close: () => void): () => void {
  const back = (event: FocusEvent): void => {
    if (event.target !== host) {
      enter();
    }
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      close();
    }
  };
  document.addEventListener("focusin", back);
  document.addEventListener("keydown", escape);
  enter();
  return () => {
    document.removeEventListener("focusin", back);
    document.removeEventListener("keydown", escape);
  };
}
