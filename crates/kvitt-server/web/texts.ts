// What the shopper reads. It says that nothing was paid only where the server has just said so, or
// where Klarna's answer does.

export const TEXTS = {
  loading: "Klarna is being loaded …",
  paying: "Go on in Klarna's window.",
  asking: "One moment …",
  placing: "Your payment is being confirmed. Do not close this page, and do not pay again.",
  unknown:
    "We do not know yet whether your payment went through. Do not pay again; the shop will tell you.",
  offline:
    "Klarna has approved your payment, but the shop cannot be reached right now. Do not pay again: we keep trying.",
  placed: "You have paid. Thank you!",
  authorized: "Klarna has approved your payment. The shop will confirm your order.",
  closed: "This checkout is closed. Nothing was paid here. Go back to the shop to start anew.",
  cancelled: "You left Klarna before paying. Nothing was paid. You can try again.",
  fixable: "Please correct what is marked. Nothing was paid.",
  denied:
    "Klarna cannot offer this purchase. Nothing was paid. Choose another way to pay in the shop.",
  unavailable:
    "Klarna cannot be loaded right now. Nothing was paid. Try again, or choose another way to pay in the shop.",
  server:
    "The checkout cannot be reached right now. Try again in a moment. If you have paid already, it is not lost.",
  renewed: "This page was open for long, so we renewed it. Nothing was paid. Press Buy again.",
  refused: "The order could not be placed. Nothing was paid. Press Buy to try again.",
  silent:
    "Klarna has not answered. If its window is still open, go on there. If it is closed, press Buy again.",
  changed: "The order was changed in the shop. Look it over before you buy.",
  field: "Klarna could not accept this. Please check it.",
} as const;
