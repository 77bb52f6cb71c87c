// Makes a page like a newer copy of itself without touching what stayed the same.

/** How long a new row is marked, for those who do not mind movement. */
const MARKED_MS = 1_500;

/** Renews the parts that say so, each found by its id, unless the reader is busy with one. */
export function renew(page: Document, fresh: Document): void {
  for (const part of page.querySelectorAll("[data-renew]")) {
    const other = fresh.getElementById(part.id);
    if (!other || other.isEqualNode(part) || hasSelection(part)) {
      continue;
    }
    const focused = part.contains(page.activeElement) ? page.activeElement : null;
    if (focused && !focused.closest("[data-rows]")) {
      continue;
    }
    const rows = part.querySelector("[data-rows]");
    const otherRows = other.querySelector("[data-rows]");
    if (rows && otherRows) {
      renewRows(rows, otherRows);
    }
    if (!focused && !other.isEqualNode(part)) {
      part.replaceChildren(...other.childNodes);
    }
  }
}

/** A row that stayed the same keeps its element, and with it the focus. */
function renewRows(rows: Element, fresh: Element): void {
  const old = new Map(Array.from(rows.children, (row) => [row.id, row]));
  const wanted = Array.from(fresh.children, (row) => {
    const known = old.get(row.id);
    return known?.isEqualNode(row) ? known : rows.ownerDocument.importNode(row, true);
  });
  for (const row of Array.from(rows.children)) {
    if (!wanted.includes(row)) {
      row.remove();
    }
  }
  wanted.forEach((row, place) => {
    if (rows.children[place] !== row) {
      rows.insertBefore(row, rows.children[place] ?? null);
      mark(row);
    }
  });
}

function mark(row: Element): void {
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const background = getComputedStyle(row).getPropertyValue("--wait-ground");
    row.animate([{ background }, { background: "transparent" }], MARKED_MS);
  }
}

function hasSelection(part: Element): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}
