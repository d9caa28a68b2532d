use super::*;

/// Start, length and keys.
fn notes(text: &str) -> Vec<(f64, f64, Vec<i32>)> {
    let line = read_notes(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    let keys = |word: &Word| word.pitches.iter().map(|p| p.key(None)).collect();
    line.words.iter().map(|word| (word.start, word.length, keys(word))).collect()
}

#[test]
fn notation_reads_notes_rests_holds_and_chords() {
    assert_eq!(
        notes("C4 . E4 - | [C4 E4 G4] ~"),
        [
            (0.0, 1.0, vec![60]),
            (2.0, 2.0, vec![64]),
            (4.0, 1.0, vec![60]),
            (4.0, 1.0, vec![64]),
            (4.0, 1.0, vec![67])
        ]
    );
    assert_eq!(read_notes("C4 . E4 - [C4 E4 G4] ~").unwrap().steps, 6.0);
    assert_eq!(notes("C4:m7 -"), [(0.0, 2.0, vec![60, 63, 67, 70])]);
    assert_eq!(notes("{C4 D4}@3 72"), [(0.0, 1.5, vec![60]), (1.5, 1.5, vec![62]), (3.0, 1.0, vec![72])]);
    assert_eq!(notes("c2(3,8)").iter().map(|n| n.0).collect::<Vec<_>>(), [0.0, 3.0, 6.0]);
    assert_eq!(notes("C4!3 Bb2").len(), 4);
    assert_eq!(notes("[C4 E4] - - .!2 C4")[2], (5.0, 1.0, vec![60]));
    assert_eq!(notes("{C4 [E4 G4]} -")[1], (0.5, 1.5, vec![64]));
}

#[test]
fn notation_reads_what_belongs_to_a_note() {
    let one = |text: &str| read_notes(text).unwrap().words[0].clone();
    let word = one("/C4:maj7v0.5*3?0.25@2>0.1");
    assert_eq!((word.velocity, word.ratchet, word.chance, word.length), (Some(0.5), 3, 0.25, 2.0));
    assert_eq!((word.shift, word.slide, word.pitches.len()), (0.1, true, 4));
    assert_eq!((one("C4?").chance, one("C4v127").velocity, one("C4<0.2").shift), (0.5, Some(1.0), -0.2));
    assert_eq!(one("3#").pitches, [Pitch::Number { degree: 3, semitones: 1 }]);
    assert_eq!(one("[C4v1 E4]v0.5").velocity, Some(1.0));
}

#[test]
fn notation_reads_strokes_without_blanks() {
    let line = read_hits("x..X o*2?.| x(2,4)").unwrap();
    let all: Vec<_> = line.words.iter().map(|w| (w.start, w.velocity)).collect();
    assert_eq!(all, [(0.0, None), (3.0, Some(1.0)), (4.0, Some(0.4)), (6.0, None), (8.0, None)]);
    assert_eq!((line.steps, line.words[2].chance, line.words[2].ratchet), (10.0, 0.5, 2));
}

#[test]
fn notation_faults_say_where_they_are() {
    for (text, wrong, says) in [
        ("C4 H4", "H4", "no note"),
        ("C4 E", "E", "no note"),
        ("C4 [E4 G4", "[", "never closed"),
        ("C4 ]", "]", "could close"),
        ("- C4", "-", "held"),
        ("C4 . -", "-", "held"),
        ("C4:x", "C4:x", "no chord"),
        ("C4v200", "v200", "velocity"),
        ("C4*99", "*99", "whole number"),
        ("C4(3)", "(3)", "rhythm"),
        ("C4(3,8", "(3,8", "never closed"),
        ("{}", "{}", "nothing in"),
        ("[.]", "[.]", "no note in"),
        ("C4^2", "^2", "not known"),
        ("C4 é", "é", "no note"),
    ] {
        let faults = read_notes(text).unwrap_err();
        assert!(faults[0].message.contains(says), "{text}: {}", faults[0].message);
        assert_eq!(&text[faults[0].place.clone()], wrong, "{text}");
    }
    assert!(read_notes(&"{".repeat(1000)).is_err());
    assert!(read_notes("{{C4!99999}!99999}!99999").is_err());
    assert_eq!(read_notes("").unwrap(), Line::default());
}
