//! A state drawn as a map: the places, the ways between them, and where one stands.

use askama::Template;

use super::words::Tone;

/// A place: a box with its name.
pub(super) struct Place {
    name: &'static str,
    x: i32,
    y: i32,
    width: i32,
}

/// A way from one place to another, and how it comes to be taken.
pub(super) struct Way {
    from: &'static str,
    to: &'static str,
    /// As in an SVG path.
    path: &'static str,
    /// Where its head is, and whither it points, in degrees from eastwards.
    head: (i32, i32, i32),
    by: &'static str,
}

/// What can be drawn.
pub(super) struct Chart {
    /// What the names are states of.
    subject: &'static str,
    height: i32,
    places: &'static [Place],
    ways: &'static [Way],
}

const fn place(name: &'static str, x: i32, y: i32, width: i32) -> Place {
    Place { name, x, y, width }
}

const fn way(
    from: &'static str,
    to: &'static str,
    path: &'static str,
    head: (i32, i32, i32),
    by: &'static str,
) -> Way {
    Way { from, to, path, head, by }
}

/// An order's `status`.
pub(super) const STATUS: Chart = Chart {
    subject: "Status",
    height: 166,
    places: &[
        place("AUTHORIZED", 2, 6, 98),
        place("CAPTURED", 254, 6, 88),
        place("PART_CAPTURED", 108, 66, 128),
        place("CANCELLED", 2, 126, 98),
        place("EXPIRED", 254, 126, 88),
    ],
    ways: &[
        way("AUTHORIZED", "CAPTURED", "M100 17H247", (254, 17, 0), "everything is captured"),
        way("AUTHORIZED", "PART_CAPTURED", "M100 30H172V59", (172, 66, 90), "a part is captured"),
        way(
            "PART_CAPTURED",
            "CAPTURED",
            "M236 83H298V47",
            (298, 40, -90),
            "the rest is captured or given up",
        ),
        way("AUTHORIZED", "CANCELLED", "M36 40V119", (36, 126, 90), "it is cancelled"),
        way("AUTHORIZED", "EXPIRED", "M72 40V113H242V143H247", (254, 143, 0), "its time is over"),
        way(
            "PART_CAPTURED",
            "EXPIRED",
            "M172 100V113H242V143H247",
            (254, 143, 0),
            "its time is over",
        ),
    ],
};

/// An order's `fraud_status`.
pub(super) const FRAUD: Chart = Chart {
    subject: "Fraud status",
    height: 86,
    places: &[
        place("PENDING", 2, 26, 84),
        place("ACCEPTED", 148, 2, 88),
        place("REJECTED", 148, 50, 88),
    ],
    ways: &[
        way("PENDING", "ACCEPTED", "M86 36H117V19H141", (148, 19, 0), "fraud control accepts"),
        way("PENDING", "REJECTED", "M86 50H117V67H141", (148, 67, 0), "fraud control rejects"),
    ],
};

/// A session.
pub(super) const SESSION: Chart = Chart {
    subject: "Session",
    height: 106,
    places: &[
        place("created", 2, 6, 84),
        place("authorized", 124, 6, 96),
        place("completed", 254, 6, 88),
        place("expired", 124, 66, 96),
    ],
    ways: &[
        way("created", "authorized", "M86 23H117", (124, 23, 0), "the buyer approves"),
        way("authorized", "completed", "M220 23H247", (254, 23, 0), "an order is placed"),
        way("created", "expired", "M44 40V83H117", (124, 83, 0), "48 hours pass"),
        way("authorized", "expired", "M172 40V59", (172, 66, 90), "48 hours pass"),
    ],
};

/// A hosted payment page. That one whose payment session led to an order elsewhere is completed
/// with it is left out.
pub(super) const HOSTED_PAGE: Chart = Chart {
    subject: "Hosted page",
    height: 212,
    places: &[
        place("WAITING", 2, 6, 92),
        place("IN_PROGRESS", 118, 6, 104),
        place("COMPLETED", 246, 6, 96),
        place("FAILED", 118, 56, 104),
        place("CANCELLED", 246, 56, 96),
        place("BACK", 118, 106, 104),
        place("DISABLED", 246, 106, 96),
        place("ERROR", 118, 156, 104),
        place("TIMEOUT", 246, 156, 96),
    ],
    ways: &[
        way("WAITING", "IN_PROGRESS", "M94 16H111", (118, 16, 0), "the buyer comes"),
        way("IN_PROGRESS", "COMPLETED", "M222 16H239", (246, 16, 0), "the purchase is approved"),
        way("IN_PROGRESS", "FAILED", "M118 30H106V73H111", (118, 73, 0), "it is denied"),
        way("IN_PROGRESS", "BACK", "M118 30H106V123H111", (118, 123, 0), "the buyer goes back"),
        way("IN_PROGRESS", "ERROR", "M118 30H106V173H111", (118, 173, 0), "something goes wrong"),
        way("IN_PROGRESS", "CANCELLED", "M222 30H234V67H239", (246, 67, 0), "the buyer cancels"),
        way("FAILED", "IN_PROGRESS", "M118 73H106V30H111", (118, 30, 0), "the buyer tries again"),
        way("BACK", "IN_PROGRESS", "M118 123H106V30H111", (118, 30, 0), "the buyer comes again"),
        way("ERROR", "IN_PROGRESS", "M118 173H106V30H111", (118, 30, 0), "the buyer tries again"),
        way("WAITING", "DISABLED", "M48 40V204H234V123H239", (246, 123, 0), WITHDRAWN),
        way("IN_PROGRESS", "DISABLED", "M222 30H234V123H239", (246, 123, 0), WITHDRAWN),
        way("FAILED", "DISABLED", "M222 82H234V123H239", (246, 123, 0), WITHDRAWN),
        way("BACK", "DISABLED", "M222 123H239", (246, 123, 0), WITHDRAWN),
        way("ERROR", "DISABLED", "M222 173H234V123H239", (246, 123, 0), WITHDRAWN),
        way("WAITING", "TIMEOUT", "M48 40V204H234V173H239", (246, 173, 0), TIMED_OUT),
        way("IN_PROGRESS", "TIMEOUT", "M222 30H234V173H239", (246, 173, 0), TIMED_OUT),
        way("FAILED", "TIMEOUT", "M222 82H234V173H239", (246, 173, 0), TIMED_OUT),
        way("BACK", "TIMEOUT", "M222 123H234V173H239", (246, 173, 0), TIMED_OUT),
        way("ERROR", "TIMEOUT", "M222 173H239", (246, 173, 0), TIMED_OUT),
    ],
};

const WITHDRAWN: &str = "the merchant withdraws it";
const TIMED_OUT: &str = "its time is over";

/// A customer token.
pub(super) const CUSTOMER_TOKEN: Chart = Chart {
    subject: "Customer token",
    height: 86,
    places: &[
        place("ACTIVE", 2, 26, 84),
        place("SUSPENDED", 134, 2, 96),
        place("CANCELLED", 134, 50, 96),
    ],
    ways: &[
        way("ACTIVE", "SUSPENDED", "M86 34H110V13H127", (134, 13, 0), "Klarna suspends it"),
        way("SUSPENDED", "ACTIVE", "M134 25H122V43H93", (86, 43, 180), "Klarna activates it again"),
        way("ACTIVE", "CANCELLED", "M86 52H110V67H127", (134, 67, 0), "it is cancelled"),
        way("SUSPENDED", "CANCELLED", "M182 36V43", (182, 50, 90), "it is cancelled"),
    ],
};

/// A chart with the place where one stands.
#[derive(Template)]
#[template(path = "inspector/map.html")]
pub(super) struct Map {
    subject: &'static str,
    height: i32,
    places: &'static [Place],
    ways: Vec<&'static Way>,
    current: &'static str,
    tone: Tone,
}

impl Map {
    pub(super) fn new(chart: &Chart, current: &'static str, tone: Tone) -> Self {
        let Chart { subject, height, places, ways } = *chart;
        let mut ways: Vec<_> = ways.iter().collect();
        // Where ways share a stretch, an open one lies on top.
        ways.sort_by_key(|way| way.from == current);
        Self { subject, height, places, ways, current, tone }
    }

    /// The same without a way that is closed by a switch.
    pub(super) fn without(mut self, from: &str, to: &str) -> Self {
        self.ways.retain(|way| (way.from, way.to) != (from, to));
        self
    }

    /// The ways that are open from here, in words.
    fn onwards(&self) -> String {
        let open = self.ways.iter().filter(|way| way.from == self.current);
        let texts: Vec<String> = open.map(|way| format!("{} when {}", way.to, way.by)).collect();
        if texts.is_empty() {
            "Nothing follows.".into()
        } else {
            format!("Then {}.", texts.join(", or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::{
        hpp,
        order::{FraudStatus, Status},
    };

    #[test]
    fn every_way_leads_from_one_place_to_another() {
        for chart in [STATUS, FRAUD, SESSION, HOSTED_PAGE, CUSTOMER_TOKEN] {
            let names: BTreeSet<_> = chart.places.iter().map(|place| place.name).collect();
            assert_eq!(names.len(), chart.places.len());
            for way in chart.ways {
                assert!(names.contains(way.from) && names.contains(way.to), "{}", way.path);
            }
        }
    }

    #[test]
    fn every_state_has_its_place() {
        let has = |chart: &Chart, name| chart.places.iter().any(|place| place.name == name);
        for status in [
            Status::Authorized,
            Status::PartCaptured,
            Status::Captured,
            Status::Cancelled,
            Status::Expired,
        ] {
            assert!(has(&STATUS, status.as_str()), "{}", status.as_str());
        }
        for status in hpp::Status::ALL {
            assert!(has(&HOSTED_PAGE, status.as_str()), "{}", status.as_str());
            let leads_on = HOSTED_PAGE.ways.iter().any(|way| way.from == status.as_str());
            assert_eq!(leads_on, status.is_open(), "{}", status.as_str());
        }
        for status in [FraudStatus::Pending, FraudStatus::Accepted, FraudStatus::Rejected] {
            assert!(has(&FRAUD, status.as_str()), "{}", status.as_str());
        }
    }

    #[test]
    fn a_map_says_in_words_what_it_shows() {
        let map = Map::new(&STATUS, "AUTHORIZED", Tone::Plain).render().unwrap();
        assert!(map.contains("Status: AUTHORIZED"), "{map}");
        let then =
            "Then CAPTURED when everything is captured, or PART_CAPTURED when a part is captured,";
        assert!(map.contains(then), "{map}");
        assert_eq!(map.matches(r#"class="place here"#).count(), 1);
        let end = Map::new(&STATUS, "CANCELLED", Tone::Bad).render().unwrap();
        assert!(end.contains("Nothing follows."), "{end}");
        let part = || Map::new(&STATUS, "PART_CAPTURED", Tone::Wait);
        assert!(part().render().unwrap().contains("or EXPIRED when its time is over"));
        let closed = part().without("PART_CAPTURED", "EXPIRED").render().unwrap();
        assert!(
            closed.contains("Then CAPTURED when the rest is captured or given up."),
            "{closed}"
        );
    }
}
