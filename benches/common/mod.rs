//! What the benches that start kvitt as a process share.

pub(crate) mod asked;
pub(crate) mod figures;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod plot;
pub(crate) mod process;
