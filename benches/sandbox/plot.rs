//! The growth of a sandbox as a picture: latency, rate and memory over the number of sessions.

use std::fmt::Write as _;

use crate::growth::Step;

const WIDTH: f64 = 640.0;
const PANEL: f64 = 150.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 34.0;
const GAP: f64 = 64.0;

struct Panel<'a> {
    title: &'a str,
    /// Class and values of each line.
    lines: Vec<(&'a str, Vec<f64>)>,
}

/// An SVG that follows the reader's colour scheme.
pub(crate) fn growth(steps: &[Step]) -> String {
    let values = |figure: fn(&Step) -> f64| steps.iter().map(figure).collect::<Vec<f64>>();
    #[expect(clippy::cast_precision_loss, reason = "far less memory than 2^52 bytes")]
    let panels = [
        Panel {
            title: "latency in ms: median (full), 99th percentile (dashed)",
            lines: vec![("a", values(|it| it.p50)), ("b", values(|it| it.p99))],
        },
        Panel {
            title: "sessions created a second",
            lines: vec![("a", values(|it| it.per_second))],
        },
        Panel {
            title: "resident memory in MB",
            lines: vec![("a", values(|it| it.resident as f64 / 1e6))],
        },
    ];
    #[expect(clippy::cast_precision_loss, reason = "far fewer sessions than 2^52")]
    let sessions: Vec<f64> = steps.iter().map(|it| it.sessions as f64).collect();
    let height = TOP + 3.0 * (PANEL + GAP);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t">
<title id="t">kvitt sandbox while it is filled with sessions</title>
<style>
text {{ font: 13px system-ui, sans-serif; fill: #333 }}
path {{ fill: none; stroke: #1f5fbf; stroke-width: 2 }}
path.b {{ stroke: #b3541e; stroke-dasharray: 6 4 }}
line {{ stroke: #bbb }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #ddd }} path {{ stroke: #7fb0ff }} path.b {{ stroke: #ffa46b }} line {{ stroke: #555 }}
}}
</style>
"#
    );
    let mut top = TOP;
    for panel in &panels {
        draw(&mut svg, panel, &sessions, top);
        top += PANEL + GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, panel: &Panel<'_>, sessions: &[f64], top: f64) {
    let highest = panel.lines.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
    let most = sessions.last().copied().unwrap_or(1.0);
    let scale = round_up(highest);
    let x = |sessions: f64| LEFT + (WIDTH - LEFT - RIGHT) * sessions / most;
    let y = |value: f64| top + PANEL * (1.0 - value / scale);
    writeln!(svg, r#"<text x="{LEFT}" y="{:.0}">{}</text>"#, top - 10.0, panel.title).unwrap();
    for part in [0.0, 0.5, 1.0] {
        let (value, at) = (scale * part, y(scale * part));
        let (end, label) = (WIDTH - RIGHT, LEFT - 8.0);
        writeln!(svg, r#"<line x1="{LEFT}" x2="{end}" y1="{at:.1}" y2="{at:.1}"/>"#).unwrap();
        let below = at + 4.0;
        writeln!(svg, r#"<text x="{label}" y="{below:.1}" text-anchor="end">{value}</text>"#)
            .unwrap();
    }
    for (count, anchor) in [(sessions.first(), "middle"), (sessions.last(), "end")] {
        let Some(count) = count else { continue };
        let (at, below) = (x(*count), top + PANEL + 18.0);
        writeln!(
            svg,
            r#"<text x="{at:.1}" y="{below:.1}" text-anchor="{anchor}">{count} sessions</text>"#
        )
        .unwrap();
    }
    for (class, values) in &panel.lines {
        let points = sessions.iter().zip(values).enumerate().map(|(index, (count, value))| {
            format!("{}{:.1} {:.1}", if index == 0 { "M" } else { "L" }, x(*count), y(*value))
        });
        let points: String = points.collect();
        writeln!(svg, r#"<path class="{class}" d="{points}"/>"#).unwrap();
    }
}

/// The next 1, 2 or 5 with zeros, so that half of it is a short number.
fn round_up(value: f64) -> f64 {
    let unit = 10f64.powf(value.max(1e-3).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|it| it * unit).find(|it| *it >= value).unwrap_or(value)
}
