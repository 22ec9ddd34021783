//! The rank test of Mann and Whitney: whether values of one sample tend to be larger than those of another.

/// The probability that two samples of the same kind differ at least so much, either way round. By the normal
/// distribution, which is right for more than about twenty values on each side.
pub(super) fn two_sided(one: &[f64], other: &[f64]) -> f64 {
    let (n, m) = (lossy(one.len()), lossy(other.len()));
    let mut all: Vec<(f64, bool)> =
        one.iter().map(|value| (*value, true)).chain(other.iter().map(|value| (*value, false))).collect();
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for same in all.chunk_by(|left, right| left.0 == right.0) {
        let count = lossy(same.len());
        // Equal values share the mean of their ranks.
        let rank = before + (count + 1.0) / 2.0;
        rank_sum += rank * lossy(same.iter().filter(|(_, of_one)| *of_one).count());
        ties += count.powi(3) - count;
        before += count;
    }
    let u = rank_sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let distance = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
    erfc(distance / (2.0 * variance).sqrt())
}

/// The complementary error function of a number that is not negative, to 1.2e-7 of itself (Chebyshev, as in Numerical
/// Recipes).
fn erfc(x: f64) -> f64 {
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    t * (sum - x * x).exp()
}

#[allow(clippy::cast_precision_loss)]
fn lossy(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(from: u32, count: u32, step: f64) -> Vec<f64> {
        (0..count).map(|number| f64::from(from) + f64::from(number) * step).collect()
    }

    #[test]
    fn the_error_function() {
        for (x, value) in [(0.0, 1.0), (0.5, 0.479_500_12), (1.0, 0.157_299_21), (3.0, 2.209_05e-5)] {
            assert!((erfc(x) / value - 1.0).abs() < 1e-5, "{x}: {}", erfc(x));
        }
    }

    /// 1 to 20 and 6 to 25: U is 112.5, and the rest was worked out with the error function of another library.
    #[test]
    fn a_known_value_with_ties() {
        let p = two_sided(&numbers(1, 20, 1.0), &numbers(6, 20, 1.0));
        assert!((p - 0.018_521_946).abs() < 1e-7, "{p}");
    }

    #[test]
    fn mixed_samples_show_nothing_and_apart_ones_everything() {
        let (even, odd) = (numbers(0, 200, 2.0), numbers(1, 200, 2.0));
        assert!(two_sided(&even, &odd) > 0.5);
        assert!(two_sided(&even, &numbers(1000, 200, 2.0)) < 1e-30);
        assert!(two_sided(&numbers(1000, 200, 2.0), &even) < 1e-30);
        assert!((two_sided(&[7.0; 50], &[7.0; 50]) - 1.0).abs() < f64::EPSILON);
    }
}
