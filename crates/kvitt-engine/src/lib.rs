//! Carries intents out: ledger, Klarna, callbacks, unknown outcomes.
