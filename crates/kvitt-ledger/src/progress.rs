//! How far a long piece of work is.

/// How far a long piece of work is, as it is told from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, such as a table's name.
    pub part: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// How much there is, as far as is known: others may add to it meanwhile.
    pub of: u64,
}

/// Who is told. It is called often, and must be quick.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);
