//! What to change about an order.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::file_input;

/// A change: by file, or of the references.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct UpdateArgs {
    /// The change as JSON, as PATCH /v1/orders/{id} takes it; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reference1", "reference2"])]
    file: Option<String>,
    /// The shop's order number, shown to the customer; an empty one clears it
    #[arg(long, value_name = "TEXT")]
    reference1: Option<String>,
    /// The shop's second reference; an empty one clears it
    #[arg(long, value_name = "TEXT")]
    reference2: Option<String>,
}

impl UpdateArgs {
    /// The request's body.
    pub(super) fn body(&self) -> Result<String, Failure> {
        if let Some(file) = &self.file {
            return file_input::json(file);
        }
        let mut body = json!({});
        let texts =
            [("merchant_reference1", &self.reference1), ("merchant_reference2", &self.reference2)];
        for (member, text) in texts {
            if let Some(text) = text {
                body[member] = json!(text);
            }
        }
        Ok(body.to_string())
    }
}
