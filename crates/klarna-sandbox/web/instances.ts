// The widgets that were loaded, by their names.

import type { Selection } from "./selection.ts";
import type { Data } from "./types.ts";
import { mount, type Widget } from "./widget.ts";

export interface Instance {
  widget: Widget;
  /** What it was loaded for. */
  selection: Selection;
  /** What `load` was given: it travels with the next `authorize`, and is then forgotten. */
  data: Data;
  /** Of another token than the current one: begins anew at its next load. */
  stale: boolean;
}

const instances = new Map<string, Instance>();

/** Another token came: what is there belongs to another session. */
export function outdateAll(): void {
  instances.forEach((instance) => {
    instance.stale = true;
  });
}

/** The instance of that name in that place: the one there is, if it fits. */
export function prepared(selection: Selection, place: HTMLElement): Instance {
  const known = instances.get(selection.name);
  const kept = known && !known.stale ? known : undefined;
  const stands = kept && kept.widget.container === place && kept.widget.node.isConnected;
  if (!stands) {
    known?.widget.remove();
  }
  const instance: Instance = {
    widget: stands ? kept.widget : mount(place, selection.name),
    selection,
    data: kept?.data ?? {},
    stale: false,
  };
  instances.set(selection.name, instance);
  return instance;
}

/** The instance of that name, if its widget still stands in the page. */
export function standing(name: string): Instance | undefined {
  const instance = instances.get(name);
  return instance?.widget.node.isConnected ? instance : undefined;
}
