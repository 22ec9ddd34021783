//! The table for people and the file for programs.

use crate::row::{Row, Target, Unit};
use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

/// All rows as a table of text.
pub(crate) fn table(rows: &[Row]) -> String {
    let heads = ["what", "C", "ours", "ratio", "target", ""].map(str::to_string);
    let lines: Vec<[String; 6]> = std::iter::once(heads).chain(rows.iter().map(cells)).collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in &lines {
        let mut row = format!("{:<1$}", line[0], widths[0]);
        for column in 1..6 {
            let _ = write!(row, "  {:>1$}", line[column], widths[column]);
        }
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}

fn cells(row: &Row) -> [String; 6] {
    let target = match row.target {
        Target::Ratio(most) => format!("<= {most} x"),
        Target::Value(most) => format!("<= {}", amount(most, row.unit)),
    };
    let verdict = match row.met() {
        None => "",
        Some(true) => "met",
        Some(false) => "MISSED",
    };
    [
        row.name.to_string(),
        row.c.map_or_else(|| "-".to_string(), |c| amount(c, row.unit)),
        amount(row.ours, row.unit),
        row.ratio().map_or_else(|| "-".to_string(), |ratio| format!("{ratio:.2}")),
        target,
        verdict.to_string(),
    ]
}

fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value < 1e-3 => format!("{:.1} us", value * 1e6),
        Unit::Seconds if value < 1.0 => format!("{:.2} ms", value * 1e3),
        Unit::Seconds => format!("{value:.2} s"),
        Unit::Bytes if value < 1024.0 * 1024.0 => format!("{:.0} KiB", value / 1024.0),
        Unit::Bytes => format!("{:.2} MiB", value / 1024.0 / 1024.0),
    }
}

/// All rows as JSON: seconds and bytes, null where there is nothing.
pub(crate) fn json(rows: &[Row]) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "null".to_string(), |value| format!("{value:e}"));
    let objects: Vec<String> = rows
        .iter()
        .map(|row| {
            let unit = match row.unit {
                Unit::Seconds => "s",
                Unit::Bytes => "B",
            };
            let (most, most_ratio) = match row.target {
                Target::Ratio(most) => (None, Some(most)),
                Target::Value(most) => (Some(most), None),
            };
            let met = row.met().map_or_else(|| "null".to_string(), |met| met.to_string());
            format!(
                r#"  {{"name": "{}", "unit": "{unit}", "c": {}, "ours": {}, "ratio": {}, "target": {}, "target_ratio": {}, "met": {met}}}"#,
                row.name,
                number(row.c),
                number(Some(row.ours)),
                number(row.ratio()),
                number(most),
                number(most_ratio),
            )
        })
        .collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// Writes `bench.txt` and `bench.json`.
pub(crate) fn write(rows: &[Row], directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("bench.txt"), table(rows))?;
    fs::write(directory.join("bench.json"), json(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            Row { name: "a", unit: Unit::Seconds, c: Some(8e-4), ours: 1e-4, target: Target::Ratio(0.25) },
            Row {
                name: "long name",
                unit: Unit::Bytes,
                c: None,
                ours: 3e6,
                target: Target::Value(1048576.0),
            },
        ]
    }

    #[test]
    fn the_table_is_aligned_and_says_what_is_missed() {
        assert_eq!(
            table(&rows()),
            "what              C      ours  ratio       target\n\
             a          800.0 us  100.0 us   0.12    <= 0.25 x     met\n\
             long name         -  2.86 MiB      -  <= 1.00 MiB  MISSED\n"
        );
    }

    #[test]
    fn json_has_base_units_and_nulls() {
        let text = json(&rows());
        assert!(text.contains(
            r#""name": "a", "unit": "s", "c": 8e-4, "ours": 1e-4, "ratio": 1.25e-1, "target": null"#
        ));
        assert!(text.contains(r#""c": null, "ours": 3e6, "ratio": null, "target": 1.048576e6, "target_ratio": null, "met": false"#));
    }
}
