//! Klarna on localhost: Payments and Order Management without network or credentials.
