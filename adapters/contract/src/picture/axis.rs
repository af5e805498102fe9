//! Where the marks of an axis stand, and how their numbers are written.

/// Steps between marks that are aimed at.
const STEPS: f64 = 4.0;

/// An axis of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Its lower end, at most nought.
    pub(super) low: f64,
    /// Its upper end, above the lower.
    pub(super) high: f64,
    /// Where its marks stand, from the lowest.
    pub(super) marks: Vec<f64>,
}

impl Axis {
    /// Makes the axis for values between two ends; nought is on it.
    pub(super) fn of(least: f64, greatest: f64, whole: bool) -> Self {
        let (least, greatest) = (least.min(0.0), greatest.max(0.0));
        let span = if greatest > least { greatest - least } else { 1.0 };
        let mut step = round_step(span / STEPS);
        if whole {
            step = step.max(1.0);
        }
        let first = (least / step).floor();
        let last = (greatest / step).ceil().max(first + 1.0);
        let mut marks = Vec::new();
        let mut at = first;
        // At most twice as many as are aimed at, whatever the numbers.
        while at <= last && marks.len() < 12 {
            marks.push(at * step);
            at += 1.0;
        }
        let high = marks.last().copied().unwrap_or(step);
        Self { low: first * step, high, marks }
    }

    /// Where a value stands: 0 at the lower end, 1 at the upper.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The next larger of 1, 2 and 5, and of their tenfolds.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * 0.999).unwrap_or(10.0);
    factor * power
}

/// Writes the number at a mark, short: `1500` is `1.5k`.
pub(super) fn short(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| value.abs() >= *size);
    let (size, sign) = unit.unwrap_or((1.0, ""));
    let rounded = (value / size * 1000.0).round() / 1000.0;
    format!("{}{sign}", if rounded == 0.0 { 0.0 } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers_and_nought_is_one() {
        for (least, greatest, whole, marks) in [
            (0.0, 7.0, true, vec![0.0, 2.0, 4.0, 6.0, 8.0]),
            (0.0, 1.0, true, vec![0.0, 1.0]),
            (0.0, 0.0, true, vec![0.0, 1.0]),
            (0.0, 0.0, false, vec![0.0, 0.5]),
            (-3.0, 5.0, true, vec![-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]),
            (3.0, 3.0, true, vec![0.0, 1.0, 2.0, 3.0]),
        ] {
            let axis = Axis::of(least, greatest, whole);
            assert_eq!(axis.marks, marks, "{least} to {greatest}");
        }
        for (least, greatest) in [(-1e12, 6e12), (0.0, 1e-300), (-1e-9, 1e12)] {
            let axis = Axis::of(least, greatest, false);
            assert!(axis.high > axis.low && (2..=12).contains(&axis.marks.len()), "{axis:?}");
            assert!(axis.share(least) <= axis.share(greatest));
        }
    }

    #[test]
    fn numbers_at_marks_are_short() {
        let written = [0.0, 0.25, 12.0, 1500.0, -2e6, 1e12].map(short);
        assert_eq!(written, ["0", "0.25", "12", "1.5k", "-2M", "1T"]);
    }
}
