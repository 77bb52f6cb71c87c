//! The tables, and what was asked of the figures in them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::common::asked::Asked;
use crate::common::machine;
use crate::common::plot::{self, Axis, Panel};
use crate::growth::{Growth, Step};
use crate::peers::Id;
use crate::rounds::Measured;
use crate::start::Start;
use crate::{Args, BENCHES};

pub(crate) struct Report {
    text: String,
    asked: Asked,
    plot: Option<String>,
}

impl Report {
    pub(crate) fn begin(args: &Args) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a table says when it was measured")]
        let day = Timestamp::now().strftime("%Y-%m-%d");
        let text = format!(
            "# `{} sandbox` {}, measured on {day}\n\n\
             {}, load average {} at the start; {} connections; rounds of {} s.\n",
            args.kvitt.file_name().unwrap().display(),
            env!("CARGO_PKG_VERSION"),
            machine::description(),
            machine::load_average(),
            args.connections,
            args.seconds,
        );
        Self { text, asked: Asked::default(), plot: None }
    }

    pub(crate) fn sessions(&mut self, all: &[Measured]) {
        self.rounds("Creating a session with three order lines", all);
        for (what, bound, peer) in [
            ("creating a session, of bare axum", 0.35, Id::Axum),
            ("creating a session, times Express", 5.0, Id::Express),
            ("creating a session, times Prism", 25.0, Id::Prism),
        ] {
            self.beside(all, what, bound, peer);
        }
        self.asked.below("99th percentile, ms", 15.0, all[0].median(|it| it.p99));
    }

    pub(crate) fn orders(&mut self, all: &[Measured]) {
        self.rounds("Reading an order", all);
        self.beside(all, "reading an order, of bare axum", 0.6, Id::Axum);
    }

    /// The sandbox, which comes first, and its peers.
    fn rounds(&mut self, title: &str, all: &[Measured]) {
        let sandbox = all[0].median(|it| it.per_second);
        let text = &mut self.text;
        let rounds = all[0].samples.len();
        write!(
            text,
            "\n## {title}\n\n\
             | server | requests/s | lowest to highest | sandbox is | p50 ms | p99 ms \
             | its CPU µs a request |\n|---|---:|---:|---:|---:|---:|---:|\n"
        )
        .unwrap();
        for one in all {
            let per_second = one.median(|it| it.per_second);
            let (lowest, highest) = one.range(|it| it.per_second);
            writeln!(
                text,
                "| {} | {per_second:.0} | {lowest:.0} to {highest:.0} | {:.2} times it \
                 | {:.2} | {:.2} | {:.1} |",
                one.name,
                sandbox / per_second,
                one.median(|it| it.p50),
                one.median(|it| it.p99),
                one.median(|it| it.cpu_micros),
            )
            .unwrap();
        }
        let others = all.iter().map(|one| one.range(|it| it.others_percent).1);
        writeln!(
            text,
            "\nMedians of {rounds} rounds. Others on this machine took at most {:.0} % of one core \
             meanwhile.",
            others.fold(0.0, f64::max)
        )
        .unwrap();
    }

    pub(crate) fn growth(&mut self, growth: &Growth) {
        let text = &mut self.text;
        text.push_str(
            "\n## Many sessions\n\n\
             | sessions | requests/s | p50 ms | p99 ms | slowest ms | its CPU µs a request \
             | resident MB |\n|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for step in &growth.steps {
            writeln!(
                text,
                "| {} | {:.0} | {:.2} | {:.2} | {:.1} | {:.1} | {:.0} |",
                step.sessions,
                step.per_second,
                step.p50,
                step.p99,
                step.slowest,
                step.cpu_micros,
                megabytes(step.resident)
            )
            .unwrap();
        }
        let [first, .., last] = growth.steps.as_slice() else { return };
        let worst = growth.steps.iter().map(|step| step.p99).fold(0.0, f64::max);
        writeln!(text, "\nMost memory held: {:.0} MB.", megabytes(growth.peak)).unwrap();
        self.asked.below(
            "median latency of the last step, times the first's",
            1.25,
            last.p50 / first.p50,
        );
        self.asked.below("99th percentile of the worst step, ms", 15.0, worst);
        self.asked.below("most memory with all sessions, MB", 1000.0, megabytes(growth.peak));
        self.plot = Some(picture(&growth.steps));
    }

    pub(crate) fn start(&mut self, start: &Start) {
        write!(
            self.text,
            "\n## Start and size\n\n| what | figure |\n|---|---:|\n\
             | start to the ready line | {:.1} ms |\n\
             | start to the first answer | {:.1} ms |\n\
             | … the slowest of them | {:.1} ms |\n\
             | idle, resident | {:.1} MB |\n\
             | idle, proportional share | {:.1} MB |\n\
             | the program | {:.1} MB |\n",
            start.ready,
            start.first_answer,
            start.slowest,
            megabytes(start.idle_resident),
            megabytes(start.idle_proportional),
            megabytes(start.program)
        )
        .unwrap();
        self.asked.below("start to first answer, ms", 50.0, start.first_answer);
        self.asked.below("idle, MB", 30.0, megabytes(start.idle_resident));
    }

    /// How many times as many requests the sandbox answered as a peer, if that was measured.
    fn beside(&mut self, all: &[Measured], what: &'static str, bound: f64, peer: Id) {
        let Some(peer) = all.iter().find(|one| one.id == peer) else { return };
        let measured = all[0].median(|it| it.per_second) / peer.median(|it| it.per_second);
        self.asked.at_least(what, bound, measured);
    }

    /// All of it, as Markdown.
    pub(crate) fn end(&self) -> String {
        format!("{}{}", self.text, self.asked.table())
    }

    /// Keeps tables and plot where they are committed.
    pub(crate) fn write(&self, text: &str) {
        fs::write(Path::new(BENCHES).join("RESULTS.md"), text).unwrap();
        if let Some(plot) = &self.plot {
            fs::write(Path::new(BENCHES).join("growth.svg"), plot).unwrap();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far less memory than 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The growth of a sandbox: latency, rate and memory over the number of sessions.
fn picture(steps: &[Step]) -> String {
    let values = |figure: fn(&Step) -> f64| steps.iter().map(figure).collect::<Vec<f64>>();
    #[expect(clippy::cast_precision_loss, reason = "far fewer sessions than 2^52")]
    let sessions: Vec<f64> = steps.iter().map(|it| it.sessions as f64).collect();
    let axis = Axis {
        values: &sessions,
        from: 0.0,
        place: |sessions| sessions,
        labelled: &[sessions[0], sessions[sessions.len() - 1]],
        unit: " sessions",
    };
    plot::draw(
        "kvitt sandbox while it is filled with sessions",
        &axis,
        &[
            Panel {
                title: "latency in ms: median (full), 99th percentile (dashed)".to_owned(),
                lines: vec![("a", values(|it| it.p50)), ("b", values(|it| it.p99))],
            },
            Panel {
                title: "sessions created a second".to_owned(),
                lines: vec![("a", values(|it| it.per_second))],
            },
            Panel {
                title: "resident memory in MB".to_owned(),
                lines: vec![("a", values(|it| megabytes(it.resident)))],
            },
        ],
    )
}
