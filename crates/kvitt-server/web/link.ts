// A checkout's link, as people paste it.

/** Without what mail programs and shops append: a slash, a query, a fragment. */
export function cleanLink(link: string, page: string): string {
  const url = new URL(link, page);
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** An address beside the checkouts, wherever under its host kvitt is. */
export function asset(link: string, path: string): string {
  return new URL(`../../../${path}`, `${link}/`).href;
}
