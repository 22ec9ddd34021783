//! The picture: our figure as part of the C plugin's, one bar a row, the C plugin at 1 on a logarithmic axis.

use crate::report::{amount, ratio, target};
use crate::row::{Row, Target};
use std::fmt::Write;

const NAMES: f64 = 400.0;
const PLOT: f64 = 420.0;
const FIGURES: f64 = 440.0;
const LINE: f64 = 26.0;
const TOP: f64 = 96.0;
const BOTTOM: f64 = 56.0;
const WIDTH: f64 = NAMES + PLOT + FIGURES;

const TEXT: &str = "#1f2937";
const FAINT: &str = "#6b7280";
const GRID: &str = "#e5e7eb";
const OURS: &str = "#2563eb";
const MISSED: &str = "#d97706";
const C: &str = "#111827";

/// The chart of all rows.
pub(crate) fn svg(rows: &[Row], machine: &str) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.figure.charted).collect();
    let axis = Axis::over(&rows);
    let headings = headings(&rows);
    #[allow(clippy::cast_precision_loss)]
    let lines = (rows.len() + headings.iter().flatten().count()) as f64;
    let height = TOP + LINE * lines + BOTTOM;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    text(
        &mut out,
        16.0,
        30.0,
        "start",
        TEXT,
        "font-size=\"18\" font-weight=\"bold\"",
        "beside the C plugins",
    );
    let legend = "bar: our figure as part of the C plugin's, shorter is better; \
                  small triangle: the most it may be; orange: target missed";
    text(&mut out, 16.0, 52.0, "start", FAINT, "", legend);
    let end = height - BOTTOM;
    for (value, label) in axis.ticks() {
        let x = axis.x(value);
        line(
            &mut out,
            x,
            TOP - 8.0,
            end,
            if value == 1.0 { C } else { GRID },
            if value == 1.0 { 2.0 } else { 1.0 },
        );
        text(
            &mut out,
            x,
            TOP - 14.0,
            "middle",
            if value == 1.0 { C } else { FAINT },
            "font-size=\"12\"",
            &label,
        );
    }
    let mut middle = TOP + LINE / 2.0;
    for (row, heading) in rows.iter().zip(headings) {
        if let Some(heading) = heading {
            text(&mut out, 16.0, middle + 6.0, "start", TEXT, "font-weight=\"bold\"", heading);
            middle += LINE;
        }
        bar(&mut out, &axis, row, middle);
        middle += LINE;
    }
    text(&mut out, 16.0, end + 28.0, "start", FAINT, "font-size=\"12\"", machine);
    out.push_str("</svg>\n");
    out
}

/// What stands above each row: the name of its group, if it is the first of several figures.
fn headings<'a>(rows: &[&'a Row]) -> Vec<Option<&'a str>> {
    let first = |index: usize| index == 0 || rows[index - 1].group != rows[index].group;
    let heading =
        |(index, row): (usize, &&'a Row)| (!row.figure.name.is_empty() && first(index)).then_some(row.group);
    rows.iter().enumerate().map(heading).collect()
}

fn bar(out: &mut String, axis: &Axis, row: &Row, middle: f64) {
    let base = middle + 4.5;
    let single = row.figure.name.is_empty();
    let (x, name) = if single { (16.0, row.group) } else { (36.0, row.figure.name) };
    text(out, x, base, "start", TEXT, if single { "font-weight=\"bold\"" } else { "" }, name);
    let missed = row.met() == Some(false);
    if let Some(value) = row.ratio() {
        let (from, to) = (axis.left(), axis.x(value));
        let _ = writeln!(
            out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" rx=\"2\" fill=\"{}\"/>",
            middle - 7.0,
            (to - from).max(2.0),
            if missed { MISSED } else { OURS }
        );
    }
    if let Some(most) = most_ratio(row) {
        let x = axis.x(most);
        let y = middle - 7.0;
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {y:.1} l-5 -6 h10 z\" fill=\"{}\"/>",
            if missed { MISSED } else { C }
        );
    }
    let shown = |value: Option<f64>| value.map_or_else(|| "-".into(), |v| amount(v, row.figure.unit));
    let mut words = format!("{} / C {}", shown(row.ours()), shown(row.c()));
    if let Some(value) = row.ratio() {
        let _ = write!(words, " = {}", ratio(value));
    }
    if missed {
        let _ = write!(words, " (wanted {})", target(row));
    }
    text(out, NAMES + PLOT + 14.0, base, "start", if missed { MISSED } else { TEXT }, "", &words);
}

/// The target as part of the C plugin's figure.
fn most_ratio(row: &Row) -> Option<f64> {
    match row.figure.target {
        Target::Ratio(most) => Some(most),
        Target::Value(most) => row.c().filter(|c| *c > 0.0).map(|c| most / c),
        Target::None => None,
    }
}

fn line(out: &mut String, x: f64, from: f64, to: f64, colour: &str, width: f64) {
    let _ = writeln!(
        out,
        "<line x1=\"{x:.1}\" y1=\"{from:.1}\" x2=\"{x:.1}\" y2=\"{to:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>"
    );
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, colour: &str, more: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\" {more}>{words}</text>"
    );
}

/// A logarithmic axis of whole powers of ten that holds 1 and all ratios.
struct Axis {
    low: i32,
    high: i32,
}

impl Axis {
    fn over(rows: &[&Row]) -> Self {
        let (mut low, mut high) = (-2, 0);
        while low > -6 && rows.iter().filter_map(|row| row.ratio()).any(|ratio| ratio < 10f64.powi(low)) {
            low -= 1;
        }
        while high < 6
            && rows.iter().filter_map(|row| row.ratio()).any(|ratio| ratio > 10f64.powi(high) * 1.5)
        {
            high += 1;
        }
        Axis { low, high }
    }

    fn left(&self) -> f64 {
        NAMES
    }

    /// Where a ratio is; what lies outside is drawn at the edge.
    fn x(&self, ratio: f64) -> f64 {
        // A quarter of a decade more on the right, so that bars a little longer than the highest power have room.
        let (low, high) = (f64::from(self.low), f64::from(self.high) + 0.25);
        NAMES + PLOT * ((ratio.log10() - low) / (high - low)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        (self.low..=self.high).map(|power| {
            let value = 10f64.powi(power);
            (value, if power == 0 { "C = 1".to_string() } else { format!("{value}") })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Figure, Unit};

    #[test]
    fn charted_rows_are_there_and_only_the_missed_one_is_orange() {
        let row = |group, figure, ours| Row { group, figure, c: vec![1.0], ours: vec![ours] };
        let figure = Figure::new("one", Unit::Seconds);
        let rows = [
            row("quick <1>", figure.ratio(0.5), 0.001),
            row("other", figure.charted(), 2.0),
            row("third", figure, 2.0),
        ];
        let met = svg(&rows, "2 x CPU");
        assert!(met.contains("quick &lt;1&gt;") && met.contains("other") && met.contains("2 x CPU"), "{met}");
        assert!(!met.contains("third") && !met.contains(&format!("\"{MISSED}\"")), "{met}");
        assert!(svg(&[row("slow", figure.ratio(0.5), 30.0)], "").contains(MISSED));
    }

    #[test]
    fn a_group_has_one_heading() {
        let row =
            |group, name| Row { group, figure: Figure::new(name, Unit::Count), c: vec![], ours: vec![] };
        let rows = [row("a", "1"), row("a", "2"), row("b", ""), row("c", "1")];
        let rows: Vec<&Row> = rows.iter().collect();
        assert_eq!(headings(&rows), [Some("a"), None, None, Some("c")]);
    }

    #[test]
    fn one_is_between_the_edges() {
        let axis = Axis { low: -2, high: 1 };
        assert!(axis.x(0.01) == NAMES && axis.x(1.0) > NAMES && axis.x(1.0) < NAMES + PLOT);
        assert!(axis.x(1e-9) == NAMES && axis.x(1e9) == NAMES + PLOT);
    }
}
