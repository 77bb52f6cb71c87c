// The methods of `Klarna.Payments`.

import { type Call, ofAuthorize, ofLoad, ofOldest, TELLING } from "./arguments.ts";
import { container } from "./container.ts";
import { type Operation, widget } from "./endpoints.ts";
import { notInitialized, notLoaded, SdkError } from "./errors.ts";
import { off, on } from "./events.ts";
import { buy } from "./flow.ts";
import { keepFocus } from "./focus.ts";
import { checked, hand } from "./hand.ts";
import { outdateAll, prepared, standing } from "./instances.ts";
import { merge } from "./merge.ts";
import {
  checkPreferredMethod,
  given,
  loadedAs,
  requireCategory,
  requireCategoryOrInstance,
  select,
  type Selection,
} from "./selection.ts";
import { type Claims, decode, isSandbox } from "./token.ts";
import { type Callback, type Data, NOT_APPROVED, NOT_SHOWN } from "./types.ts";
import { mountReview } from "./widget.ts";

const REVIEW_COUNTRIES = ["US", "GB"];

const scriptOrigin = originOf(document.currentScript);

function originOf(script: Element | null): string | undefined {
  return script instanceof HTMLScriptElement && script.src ? new URL(script.src).origin : undefined;
}

let current: { token: unknown; claims: Claims } | undefined;
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
    outdateAll();
  }
  current = { token, claims };
  return true;
}

function initialized(): Claims {
  if (!current) {
    throw notInitialized();
  }
  return current.claims;
}

/** A malformed selector is the browser's own complaint, and the callback never hears of it. */
const isBrowsersOwn = (error: unknown): boolean => error instanceof DOMException;

function load(...args: unknown[]): void {
  const { options, data, callback } = ofLoad(args);
  const check = () => {
    const { client_token } = options;
    if (given(client_token) && client_token !== current?.token) {
      begin(client_token);
    }
    const claims = initialized();
    const selection = select(options, claims);
    requireCategory(selection, claims);
    checkPreferredMethod(options.preferred_payment_method);
    return { claims, selection, place: container(options.container) };
  };
  const { claims, selection, place } = checked(callback, NOT_SHOWN, check, isBrowsersOwn);
  const instance = prepared(selection, place);
  instance.data = merge(instance.data, data);
  void widget(claims, selection, options.purchase_amount)
    .then((content) => {
      instance.widget.show(content);
      const { show_form, error } = content;
      return error ? { show_form, error } : { show_form };
    })
    .catch((error: unknown) => {
      console.error("[klarna sandbox] the widget could not be loaded", error);
      instance.widget.show(NOT_SHOWN);
      return NOT_SHOWN;
    })
    .then((result) => hand(callback, result));
}

function authorize({ options, data, callback }: Call): void {
  const { claims, selection, instance } = checked(callback, NOT_APPROVED, () => {
    if (!current) {
      throw notLoaded();
    }
    const { claims } = current;
    const asked = select(options, claims);
    requireCategoryOrInstance(asked, claims);
    const instance = standing(asked.name);
    const selection = instance && loadedAs(instance.selection, asked);
    if (!selection) {
      throw notLoaded();
    }
    return { claims, selection, instance };
  });
  if (isUnderWay("authorize", selection)) {
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
  if (!isUnderWay(operation, selection)) {
    run(operation, claims, selection, data, true, callback);
  }
}

/** A second call is dropped without a callback, as in Klarna's script, but not without a word. */
function isUnderWay(operation: Operation, { name }: Selection): boolean {
  if (busy.has(name)) {
    console.warn(`[klarna sandbox] ${operation} is dropped: an authorization is under way`);
  }
  return busy.has(name);
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
  const giveFocusBack = keepFocus();
  void buy(claims, selection, operation, data, auto_finalize).then((result) => {
    // Before the callback, which may call again.
    busy.delete(selection.name);
    giveFocusBack();
    hand(callback, result);
    // A page that locked its button unlocks it in the callback.
    giveFocusBack();
  });
}

function loadPaymentReview(...args: unknown[]): void {
  const { options, callback } = ofLoad(args);
  const check = () => {
    const claims = initialized();
    if (!REVIEW_COUNTRIES.includes(claims.purchase_country)) {
      throw new SdkError(
        "OperationNotSupportedError",
        `loadPaymentReview is not supported in ${claims.purchase_country}.`,
      );
    }
    return { claims, place: container(options.container) };
  };
  const { claims, place } = checked(callback, NOT_SHOWN, check, isBrowsersOwn);
  void widget(claims, { name: "review" }, undefined)
    .then((content) => {
      mountReview(place, content);
      return { show_form: content.show_form };
    })
    .catch((error: unknown) => {
      console.error("[klarna sandbox] the review could not be loaded", error);
      return NOT_SHOWN;
    })
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

/** `Klarna.Credit` and its like: the same, but with the data before the options wherever an
 * authorization is asked for. */
export const legacy = {
  init(options: { client_token?: unknown } | undefined): unknown {
    return begin(options?.client_token) ? legacy : undefined;
  },
  load,
  authorize(...args: unknown[]): void {
    authorize(ofOldest(args));
  },
  reauthorize(...args: unknown[]): void {
    withoutWidget("reauthorize", ofOldest(args));
  },
  finalize(...args: unknown[]): void {
    withoutWidget("finalize", ofOldest(args));
  },
  loadPaymentReview,
  on,
  off,
};
