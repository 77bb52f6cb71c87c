//! How far something long is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr, gone with this. Where stderr is no terminal, nothing is shown.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar that shows nothing yet: what is done at once leaves no trace.
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{msg:16} [{bar:32}] {human_pos}/{human_len}, {elapsed} gone",
        );
        // A template that cannot be read would leave the bar as it comes.
        let bar = match style {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        };
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, progress: kvitt_ledger::Progress) {
        self.0.set_message(progress.part);
        self.0.set_length(progress.of);
        self.0.set_position(progress.done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
