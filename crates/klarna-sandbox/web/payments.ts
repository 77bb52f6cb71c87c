// The methods of `Klarna.Payments`.

import { type Call, ofAuthorize, ofLoad, TELLING } from "./arguments.ts";
import { buy } from "./flow.ts";
import { container } from "./container.ts";
import { type Operation, widget } from "./endpoints.ts";
import { fail, notInitialized, notLoaded, SdkError } from "./errors.ts";
import { off, on } from "./events.ts";
import { merge } from "./merge.ts";
import {
  checkPreferredMethod,
  requireCategory,
  requireCategoryOrInstance,
  select,
  type Selection,
} from "./selection.ts";
import { type Claims, decode, isSandbox } from "./token.ts";
import { type Callback, type Data, NOT_APPROVED, NOT_SHOWN, type Result } from "./types.ts";
import { mount, mountReview, type Widget } from "./widget.ts";

/** One widget that was loaded, by its name. */
interface Instance {
  widget: Widget;
  /** What `load` was given: it travels with the next `authorize`, and is then forgotten. */
  data: Data;
  /** Of another token than the current one: begins anew at its next load. */
  stale: boolean;
}

const REVIEW_COUNTRIES = ["US", "GB"];

const scriptOrigin = originOf(document.currentScript);

function originOf(script: Element | null): string | undefined {
  return script instanceof HTMLScriptElement && script.src ? new URL(script.src).origin : undefined;
}

let current: { token: unknown; claims: Claims } | undefined;
const instances = new Map<string, Instance>();
/** Names of the widgets with an authorization under way. */
const busy = new Set<string>();

function begin(token: unknown): boolean {
  const claims = decode(token);
  if (!isSandbox(claims.base_url, scriptOrigin)) {
    console.error(
      "[klarna sandbox] this client_token is not the sandbox's: for a real session load " +
        "https://x.klarnacdn.net/kp/lib/v1/api.js",
    );
    return false;
  }
  if (current && current.token !== token) {
    instances.forEach((instance) => {
      instance.stale = true;
    });
  }
  current = { token, claims };
  return true;
}

/** Hands a result to the merchant. What their callback throws goes to the console, not further:
 * Klarna's script swallows it. */
function hand(callback: Callback, result: Result): void {
  try {
    callback({ ...result });
  } catch (error) {
    console.error("[klarna sandbox] the callback threw; real Klarna swallows this", error);
  }
}

/** Runs the checks of a call. What they throw, the callback hears of first. */
function checked<T>(callback: Callback, failure: Result, check: () => T): T {
  try {
    return check();
  } catch (error) {
    // A malformed selector is the browser's own complaint, and never reaches the callback.
    if (error instanceof DOMException) {
      throw error;
    }
    return fail(callback, { ...failure }, error as Error);
  }
}

function initialized(): Claims {
  if (!current) {
    throw notInitialized();
  }
  return current.claims;
}

function load(...args: unknown[]): void {
  const { options, data, callback } = ofLoad(args);
  const { claims, selection, place } = checked(callback, NOT_SHOWN, () => {
    const { client_token } = options;
    if (client_token !== undefined && client_token !== current?.token) {
      begin(client_token);
    }
    const claims = initialized();
    const selection = select(options, claims);
    requireCategory(selection, claims);
    checkPreferredMethod(options.preferred_payment_method);
    return { claims, selection, place: container(options.container) };
  });
  const instance = prepared(selection, place);
  instance.data = merge(instance.data, data);
  void widget(claims, selection, options.purchase_amount)
    .then((content) => {
      if (content.show_form) {
        instance.widget.show(content);
      }
      const { show_form, error } = content;
      return error ? { show_form, error } : { show_form };
    })
    .catch((error: unknown) => {
      console.error("[klarna sandbox] the widget could not be loaded", error);
      return NOT_SHOWN;
    })
    .then((result) => hand(callback, result));
}

/** The instance of that name in that place: the one there is, if it fits. */
function prepared({ name }: Selection, place: HTMLElement): Instance {
  const known = instances.get(name);
  if (known && !known.stale && known.widget.container === place && known.widget.node.isConnected) {
    return known;
  }
  known?.widget.remove();
  const instance = { widget: mount(place, name), data: {}, stale: false };
  instances.set(name, instance);
  return instance;
}

function authorize({ options, data, callback }: Call): void {
  const { claims, selection, instance } = checked(callback, NOT_APPROVED, () => {
    if (!current) {
      throw notLoaded();
    }
    const { claims } = current;
    const selection = select(options, claims);
    requireCategoryOrInstance(selection, claims);
    const instance = instances.get(selection.name);
    if (!instance?.widget.node.isConnected) {
      throw notLoaded();
    }
    return { claims, selection, instance };
  });
  if (busy.has(selection.name)) {
    console.warn("[klarna sandbox] authorize is under way: this call is dropped without a callback");
    return;
  }
  const sent = merge(instance.data, data);
  instance.data = {};
  run("authorize", claims, selection, sent, options.auto_finalize !== false, callback);
}

/** `reauthorize` and `finalize`: they need no widget. */
function withoutWidget(operation: Operation, { options, data, callback }: Call): void {
  const { claims, selection } = checked(callback, NOT_APPROVED, () => {
    const claims = initialized();
    const selection = select(options, claims);
    requireCategory(selection, claims);
    return { claims, selection };
  });
  if (busy.has(selection.name)) {
    console.warn(`[klarna sandbox] ${operation} is dropped: an authorization is under way`);
    return;
  }
  run(operation, claims, selection, data, true, callback);
}

function run(
  operation: Operation,
  claims: Claims,
  selection: Selection,
  data: Data,
  auto_finalize: boolean,
  callback: Callback,
): void {
  busy.add(selection.name);
  void buy(claims, selection, operation, data, auto_finalize).then((result) => {
    // Before the callback, which may call again.
    busy.delete(selection.name);
    hand(callback, result);
  });
}

function loadPaymentReview(...args: unknown[]): void {
  const { options, callback } = ofLoad(args);
  const { claims, place } = checked(callback, NOT_SHOWN, () => {
    const claims = initialized();
    if (!REVIEW_COUNTRIES.includes(claims.purchase_country)) {
      throw new SdkError(
        "OperationNotSupportedError",
        `loadPaymentReview is not supported in ${claims.purchase_country}.`,
      );
    }
    return { claims, place: container(options.container) };
  });
  void widget(claims, { name: "review" }, undefined)
    .then((content) => {
      mountReview(place, content);
      return { show_form: true };
    })
    .catch(() => NOT_SHOWN)
    .then((result) => hand(callback, result));
}

/** `Klarna.Payments`. */
export const payments = {
  /** Throws `InvalidClientTokenError`. A session of somewhere else leaves everything as it is and
   * answers `undefined`. */
  init(options: { client_token?: unknown } | undefined): unknown {
    return begin(options?.client_token) ? payments : undefined;
  },
  load,
  authorize(...args: unknown[]): void {
    authorize(ofAuthorize(args, TELLING.authorize));
  },
  reauthorize(...args: unknown[]): void {
    withoutWidget("reauthorize", ofAuthorize(args, TELLING.reauthorize));
  },
  finalize(...args: unknown[]): void {
    withoutWidget("finalize", ofAuthorize(args, TELLING.finalize));
  },
  loadPaymentReview,
  on,
  off,
  get initialized(): boolean {
    return current?.claims.scheme === true;
  },
};

/** `Klarna.Credit` and its like: the same, but always with the data before the options where an
 * authorization is asked for. */
export const legacy = {
  init: payments.init,
  load,
  authorize(data: unknown, options: unknown, callback: unknown): void {
    authorize(ofAuthorize([options, data, callback], []));
  },
  reauthorize(data: unknown, options: unknown, callback: unknown): void {
    withoutWidget("reauthorize", ofAuthorize([options, data, callback], []));
  },
  finalize(data: unknown, options: unknown, callback: unknown): void {
    withoutWidget("finalize", ofAuthorize([options, data, callback], []));
  },
  loadPaymentReview,
  on,
  off,
};
