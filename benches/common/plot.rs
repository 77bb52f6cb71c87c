//! How figures grow, as a picture.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const PANEL: f64 = 150.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 34.0;
const GAP: f64 = 64.0;

/// Where the values of a line lie from left to right.
pub(crate) struct Axis<'a> {
    pub(crate) values: &'a [f64],
    /// What lies at the left edge; the last value lies at the right one.
    pub(crate) from: f64,
    /// Spreads them: itself, or its logarithm.
    pub(crate) place: fn(f64) -> f64,
    pub(crate) labelled: &'a [f64],
    /// What follows a label.
    pub(crate) unit: &'static str,
}

impl Axis<'_> {
    fn x(&self, value: f64) -> f64 {
        let [from, at, to] =
            [self.from, value, self.values.last().copied().unwrap_or(1.0)].map(self.place);
        LEFT + (WIDTH - LEFT - RIGHT) * (at - from) / (to - from)
    }
}

pub(crate) struct Panel {
    pub(crate) title: String,
    /// Class and values of each line: `a` is full, `b` is dashed.
    pub(crate) lines: Vec<(&'static str, Vec<f64>)>,
}

/// An SVG that follows the reader's colour scheme, with one panel below the other.
pub(crate) fn draw(title: &str, axis: &Axis<'_>, panels: &[Panel]) -> String {
    let panels_high: f64 = panels.iter().map(|_| PANEL + GAP).sum();
    let height = TOP + panels_high;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t">
<title id="t">{title}</title>
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
    for panel in panels {
        draw_panel(&mut svg, panel, axis, top);
        top += PANEL + GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_panel(svg: &mut String, panel: &Panel, axis: &Axis<'_>, top: f64) {
    let highest = panel.lines.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
    let scale = round_up(highest);
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
    for value in axis.labelled {
        let (at, below) = (axis.x(*value), top + PANEL + 18.0);
        let is_last = Some(value) == axis.values.last();
        let (anchor, unit) = (if is_last { "end" } else { "middle" }, axis.unit);
        writeln!(
            svg,
            r#"<text x="{at:.1}" y="{below:.1}" text-anchor="{anchor}">{value}{unit}</text>"#
        )
        .unwrap();
    }
    for (class, values) in &panel.lines {
        let points = axis.values.iter().zip(values).enumerate().map(|(index, (count, value))| {
            format!("{}{:.1} {:.1}", if index == 0 { "M" } else { "L" }, axis.x(*count), y(*value))
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
