//! The "did you mean" of every message: the known name that is nearest to what was written. Any thread but the audio thread.

/// Longer words get no suggestion: they are no slips of the finger, and comparing them would cost time.
const LONGEST: usize = 48;

/// The candidate that `name` was most likely meant to be, or `None` if none is near: at most one slip (a wrong, missing, extra or
/// swapped letter) in short words, up to a third of the letters in longer ones. Upper and lower case count as equal.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = name.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len() > 4 * LONGEST {
            continue;
        }
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if other.len().abs_diff(word.len()) > limit || other.is_empty() {
            continue;
        }
        let distance = slips(&word, &other);
        // Replacing a whole one-letter word is no slip, but another word.
        let same = distance < word.len().max(other.len());
        if distance <= limit && same && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance that counts a swap of neighbours as one slip (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1; b.len() + 1];
        for j in 0..b.len() {
            let change = above[j] + usize::from(a[i] != b[j]);
            row[j + 1] = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_find_the_slip_of_a_finger() {
        let known = ["cutoff", "peak", "type", "signal", "freq"];
        assert_eq!(nearest("cutof", known), Some("cutoff"));
        assert_eq!(nearest("Cutoff", known), Some("cutoff"));
        assert_eq!(nearest("cutfof", known), Some("cutoff"));
        assert_eq!(nearest("frq", known), Some("freq"));
        assert_eq!(nearest("singal", known), Some("signal"));
        assert_eq!(nearest("volume", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), known), None);
    }
}
