//! The faces of kvitt: merchant API, callbacks, health, metrics, documentation.
