//! What stands around every page.

use askama::Template;

use super::{SECTIONS, Visit, buttons, words};
use crate::http::Filter;

/// The head of a page, and what the page has to say before everything else.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) sections: &'static [(&'static str, &'static str)],
    /// The section's address.
    pub(super) section: &'static str,
    pub(super) now: words::Moment,
    pub(super) pace: u32,
    pub(super) said: Option<Said>,
    /// The stream of what makes the page new; without it, it stays as it is.
    pub(super) live: Option<String>,
}

pub(super) struct Said {
    pub(super) is_problem: bool,
    pub(super) text: String,
}

impl Frame {
    /// A page of a section.
    pub(super) fn of(visit: &Visit<'_>, title: impl Into<String>, section: &'static str) -> Self {
        let (now, pace) = {
            let state = visit.shared.state();
            (visit.shared.now(&state), state.clock.pace())
        };
        let problem = visit.problem.clone().map(|text| Said { is_problem: true, text });
        let said = problem.or_else(|| {
            let done = buttons::done(&visit.call.parameter("done")?)?;
            Some(Said { is_problem: false, text: done.to_owned() })
        });
        Self {
            title: title.into(),
            sections: &SECTIONS,
            section,
            now: words::moment(now),
            pace,
            said,
            live: None,
        }
    }

    /// Made new whenever an exchange happens that fits, unless it tells of a button that did not
    /// work: that page has no address of its own.
    pub(super) fn live(mut self, visit: &Visit<'_>, filter: &Filter) -> Self {
        if visit.problem.is_some() {
            return self;
        }
        let newest = visit.shared.exchanges().total().to_string();
        let query = filter.said().query(&[("after", &newest)]);
        self.live = Some(format!("/sandbox/v1/exchanges/live{query}"));
        self
    }
}

#[derive(Template)]
#[template(path = "inspector/message.html")]
struct MessagePage<'a> {
    frame: Frame,
    text: &'a str,
}

/// A page that only says something.
pub(super) fn message(visit: &Visit<'_>, title: &str, text: &str) -> String {
    render(&MessagePage { frame: Frame::of(visit, title, ""), text })
}

/// Writing texts into a text cannot fail.
pub(super) fn render(page: &impl Template) -> String {
    page.render().unwrap_or_default()
}
