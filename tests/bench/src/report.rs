//! The table for people and the file for programs.

use crate::chart;
use crate::machine::Machine;
use crate::row::{Aggregate, Row, Target, Unit};
use crate::stats::spread_of;
use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

const NOTES: &str = "\
C and ours: the median of the rounds, or their worst where the row names a maximum. The rounds of both plugins take\n\
turns; the ratio is the median of the rounds' ratios (of the worst: their ratio). The spread goes from the least round\n\
to the largest, as part of their median, first for C. PSS counts shared pages by share.\n";

/// All rows as a table of text.
pub(crate) fn table(rows: &[Row]) -> String {
    let heads = ["what", "C", "ours", "ratio", "spread", "target", ""].map(str::to_string);
    let lines: Vec<[String; 7]> = std::iter::once(heads).chain(rows.iter().map(cells)).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in &lines {
        let mut row = format!("{:<1$}", line[0], widths[0]);
        for column in 1..7 {
            let _ = write!(row, "  {:>1$}", line[column], widths[column]);
        }
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}

fn cells(row: &Row) -> [String; 7] {
    let verdict = match row.met() {
        None => "",
        Some(true) => "met",
        Some(false) => "MISSED",
    };
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_string(), |v| amount(v, row.figure.unit));
    [
        row.name(),
        shown(row.c()),
        shown(row.ours()),
        row.ratio().map_or_else(|| "-".to_string(), ratio),
        format!("{} | {}", spread_of(&row.c), spread_of(&row.ours)),
        target(row),
        verdict.to_string(),
    ]
}

/// A ratio with two digits that count.
pub(crate) fn ratio(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}

/// The target in words; empty if there is none.
pub(crate) fn target(row: &Row) -> String {
    match row.figure.target {
        Target::Ratio(most) => format!("<= {} x", ratio(most)),
        Target::Value(most) => format!("<= {}", amount(most, row.figure.unit)),
        Target::None => String::new(),
    }
}

/// A figure with a unit that suits its size.
pub(crate) fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value < 1e-3 => format!("{:.1} us", value * 1e6),
        Unit::Seconds if value < 1.0 => format!("{:.2} ms", value * 1e3),
        Unit::Seconds => format!("{value:.2} s"),
        Unit::Bytes if value < 1024.0 * 1024.0 => format!("{:.0} KiB", value / 1024.0),
        Unit::Bytes => format!("{:.2} MiB", value / 1024.0 / 1024.0),
        Unit::Count if value.fract() == 0.0 => format!("{value:.0}"),
        Unit::Count => format!("{value:.2}"),
    }
}

/// Machine and rows as JSON: seconds, bytes and numbers, null where there is nothing.
pub(crate) fn json(rows: &[Row], machine: &str) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "null".to_string(), |value| format!("{value:e}"));
    let numbers = |values: &[f64]| {
        let values: Vec<String> = values.iter().map(|v| number(Some(*v).filter(|v| v.is_finite()))).collect();
        format!("[{}]", values.join(", "))
    };
    let objects: Vec<String> = rows
        .iter()
        .map(|row| {
            let unit = match row.figure.unit {
                Unit::Seconds => "s",
                Unit::Bytes => "B",
                Unit::Count => "1",
            };
            let over = match row.figure.aggregate {
                Aggregate::Median => "median",
                Aggregate::Worst => "worst",
            };
            let (most, most_ratio) = match row.figure.target {
                Target::Ratio(most) => (None, Some(most)),
                Target::Value(most) => (Some(most), None),
                Target::None => (None, None),
            };
            let met = row.met().map_or_else(|| "null".to_string(), |met| met.to_string());
            format!(
                r#"    {{"name": {}, "unit": "{unit}", "over": "{over}", "c": {}, "ours": {}, "ratio": {}, "target": {}, "target_ratio": {}, "met": {met}, "c_rounds": {}, "our_rounds": {}}}"#,
                quoted(&row.name()),
                number(row.c()),
                number(row.ours()),
                number(row.ratio()),
                number(most),
                number(most_ratio),
                numbers(&row.c),
                numbers(&row.ours),
            )
        })
        .collect();
    format!("{{\n  \"machine\": {},\n  \"rows\": [\n{}\n  ]\n}}\n", quoted(machine), objects.join(",\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What is printed and written as text.
pub(crate) fn text(rows: &[Row], machine: &Machine) -> String {
    format!("{machine}\n\n{}\n{NOTES}", table(rows))
}

/// Writes `<name>.txt`, `<name>.json` and `<name>.svg`.
pub(crate) fn write(rows: &[Row], machine: &Machine, directory: &Path, name: &str) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join(format!("{name}.txt")), text(rows, machine))?;
    fs::write(directory.join(format!("{name}.json")), json(rows, &machine.to_string()))?;
    fs::write(directory.join(format!("{name}.svg")), chart::svg(rows, &machine.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Figure;

    fn rows() -> Vec<Row> {
        let row = |group, figure, c, ours| Row { group, figure, c: vec![c], ours: vec![ours] };
        vec![
            row("a", Figure::new("", Unit::Seconds).ratio(0.25), 8e-4, 1e-4),
            row("long \"name\"", Figure::new("", Unit::Bytes).at_most(1048576.0), f64::NAN, 3e6),
            row("b", Figure::new("", Unit::Count), 1001.0, 65.0),
        ]
    }

    #[test]
    fn the_table_is_aligned_and_says_what_is_missed() {
        assert_eq!(
            table(&rows()),
            "what                C      ours  ratio  spread       target\n\
             a            800.0 us  100.0 us   0.12   - | -    <= 0.25 x     met\n\
             long \"name\"         -  2.86 MiB      -   - | -  <= 1.00 MiB  MISSED\n\
             b                1001        65  0.065   - | -\n"
        );
    }

    #[test]
    fn json_has_base_units_and_nulls() {
        let text = json(&rows(), "2 x \"CPU\"");
        assert!(text.contains(r#""machine": "2 x \"CPU\"""#), "{text}");
        assert!(text.contains(
            r#""name": "a", "unit": "s", "over": "median", "c": 8e-4, "ours": 1e-4, "ratio": 1.25e-1, "target": null"#
        ));
        assert!(text.contains(r#""long \"name\"", "unit": "B", "over": "median", "c": null, "ours": 3e6, "ratio": null, "target": 1.048576e6, "target_ratio": null, "met": false, "c_rounds": [null], "our_rounds": [3e6]"#));
    }
}
