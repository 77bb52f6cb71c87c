// Which of the session's payment methods a widget is about, and by which name it goes.

import { SdkError } from "./errors.ts";
import type { Claims } from "./token.ts";
import type { Options } from "./types.ts";

const CATEGORIES = [
  "klarna",
  "pay_later",
  "pay_now",
  "pay_over_time",
  "direct_debit",
  "direct_bank_transfer",
  "card",
  "pay_in_parts",
];

const PREFERRED_METHODS = [
  "base_account",
  "deferred_interest",
  "direct_bank_transfer",
  "direct_debit",
  "fixed_amount",
  "invoice",
  "b2b_invoice",
  "pix",
];

const INSTANCE_ID = /^[\w-]+$/;

export interface Selection {
  /** The widget's name: instance, else category, else the kind of session. */
  name: string;
  payment_method_category?: string;
  payment_method_categories?: string[];
  instance_id?: string;
}

/** What is not given, or given as an empty text, is absent. */
export function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function category(value: unknown): string {
  if (typeof value === "string" && CATEGORIES.includes(value)) {
    return value;
  }
  throw new SdkError(
    "PaymentMethodCategoryNotSupportedError",
    `Payment method category ${JSON.stringify(value)} is not supported. ` +
      `Use one of the session's payment_method_categories.`,
  );
}

/** What the options select. Throws where they contradict Klarna's reference. */
export function select(options: Options, claims: Claims): Selection {
  const { instance_id, payment_method_category, payment_method_categories } = options;
  const selection: Selection = { name: "" };
  if (given(payment_method_category)) {
    selection.payment_method_category = category(payment_method_category);
  }
  if (given(instance_id)) {
    if (typeof instance_id !== "string" || !INSTANCE_ID.test(instance_id)) {
      throw new SdkError(
        "InvalidInstanceIDError",
        `instance_id ${JSON.stringify(instance_id)} is invalid: use letters, digits, _ and -.`,
      );
    }
    selection.instance_id = instance_id;
  }
  if (Array.isArray(payment_method_categories)) {
    if (selection.instance_id === undefined) {
      throw new SdkError(
        "InstanceIDNotProvidedError",
        "Several payment_method_categories need an instance_id.",
      );
    }
    selection.payment_method_categories = payment_method_categories.map(category);
  }
  selection.name =
    selection.instance_id ??
    selection.payment_method_category ??
    (claims.session_type || "payments");
  return selection;
}

/** Older sessions have to be told which category is meant. */
export function requireCategory(selection: Selection, claims: Claims): void {
  const named = selection.payment_method_category ?? selection.payment_method_categories;
  if (!claims.scheme && named === undefined) {
    throw new SdkError(
      "PaymentMethodCategoryNotProvidedError",
      "This session needs a payment_method_category.",
    );
  }
}

/** As `requireCategory`, for `authorize`, which also takes the instance. */
export function requireCategoryOrInstance(selection: Selection, claims: Claims): void {
  const named = selection.payment_method_category ?? selection.instance_id;
  if (!claims.scheme && named === undefined) {
    throw new SdkError(
      "PaymentMethodCategoryOrInstanceIDRequiredError",
      "This session needs a payment_method_category or an instance_id.",
    );
  }
}

export function checkPreferredMethod(value: unknown): void {
  if (given(value) && !PREFERRED_METHODS.includes(value as string)) {
    throw new SdkError(
      "PreferredPaymentMethodNotSupportedError",
      `Preferred payment method ${JSON.stringify(value)} is not supported.`,
    );
  }
}

/**
 * What an authorization is about: what its widget was loaded with, where the call does not say it
 * again. `undefined`: it says something else.
 */
export function loadedAs(loaded: Selection, asked: Selection): Selection | undefined {
  const members = ["payment_method_category", "payment_method_categories"] as const;
  const differs = members.some(
    (name) => asked[name] !== undefined && String(asked[name]) !== String(loaded[name]),
  );
  return differs ? undefined : { ...loaded, ...asked };
}

/** The name as it stands in ids of the page: `pay_later` is `pay-later` there. */
export function domName(name: string): string {
  return name.toLowerCase().replace(/_/g, "-");
}
