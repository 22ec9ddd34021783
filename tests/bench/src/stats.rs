//! Many measurements as one figure.

/// The median, which an interrupted round does not move; 0 for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => (sorted[len / 2 - 1] + sorted[len / 2]) / 2.0,
    }
}

/// The largest; 0 for none.
pub(crate) fn worst(values: &[f64]) -> f64 {
    sorted(values).last().copied().unwrap_or(0.0)
}

/// The arithmetic mean; 0 for none.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The value that 99 of 100 do not exceed; 0 for none.
pub(crate) fn percentile_99(values: &[f64]) -> f64 {
    percentile(values, 99)
}

/// From the least to the largest, as part of the median, in per cent; `-` where there is nothing to say.
pub(crate) fn spread_of(values: &[f64]) -> String {
    let (sorted, middle) = (sorted(values), median(values));
    match (sorted.first(), sorted.last()) {
        (Some(least), Some(most)) if sorted.len() > 1 && middle.is_finite() && middle > 0.0 => {
            format!("{:.0} %", (most - least) / middle * 100.0)
        }
        _ => "-".to_string(),
    }
}

/// The value that so many of 100 do not exceed; 0 for none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let sorted = sorted(values);
    let rank = (sorted.len() * percent).div_ceil(100);
    rank.checked_sub(1).and_then(|index| sorted.get(index)).copied().unwrap_or(0.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_whatever_the_order() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), 3.0);
    }

    #[test]
    fn the_spread_is_part_of_the_median() {
        assert_eq!(spread_of(&[9.0, 10.0, 12.0]), "30 %");
        for nothing in [&[][..], &[3.0], &[0.0, 0.0], &[f64::NAN, 1.0]] {
            assert_eq!(spread_of(nothing), "-");
        }
    }

    #[test]
    fn the_upper_end() {
        let values: Vec<f64> = (1..=300).rev().map(f64::from).collect();
        assert_eq!((percentile_99(&values), worst(&values), mean(&values)), (297.0, 300.0, 150.5));
        assert_eq!((percentile_99(&[7.0]), worst(&[7.0]), mean(&[7.0])), (7.0, 7.0, 7.0));
        assert_eq!((percentile_99(&[]), worst(&[]), mean(&[])), (0.0, 0.0, 0.0));
    }
}
