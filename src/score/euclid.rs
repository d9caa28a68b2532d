//! Rhythms that spread strokes as evenly as whole steps allow.

/// Which of `steps` steps have a stroke, where `strokes` are spread evenly (E. Bjorklund, 2003; G. Toussaint, 2005), turned to begin
/// `turn` steps later. The first stroke comes first.
pub fn euclid(strokes: usize, steps: usize, turn: i64) -> Vec<bool> {
    if steps == 0 {
        return vec![];
    }
    let strokes = strokes.min(steps);
    // Step n has a stroke where the line of slope strokes/steps passes a whole number.
    let has = |n: usize| (n * strokes) % steps < strokes;
    let from = turn.rem_euclid(steps as i64) as usize;
    (0..steps).map(|n| has((n + from) % steps)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn euclid_is_even_and_complete() {
        let text = |strokes, steps, turn| -> String {
            euclid(strokes, steps, turn).iter().map(|on| if *on { 'x' } else { '.' }).collect()
        };
        assert_eq!(text(3, 8, 0), "x..x..x.");
        assert_eq!(text(4, 16, 0), "x...x...x...x...");
        assert_eq!(text(3, 8, 3), "x..x.x..");
        for steps in 1..20usize {
            for strokes in 0..=steps {
                let all = euclid(strokes, steps, 5);
                assert_eq!(all.iter().filter(|on| **on).count(), strokes);
                let places: Vec<usize> = (0..2 * steps).filter(|n| all[n % steps]).collect();
                let gaps: Vec<usize> = places.windows(2).map(|w| w[1] - w[0]).collect();
                if let (Some(most), Some(least)) = (gaps.iter().max(), gaps.iter().min()) {
                    assert!(most - least <= 1, "{strokes} in {steps}");
                }
            }
        }
    }
}
