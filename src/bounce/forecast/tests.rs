use super::notes::{Note, held, levels, overlap, prepare, swells, takes};
use super::sum::{HOP, Slice, Sum};
use crate::engine::{Event, What};

fn note(at: u64, length: u64, key: u8, velocity: f32) -> Note {
    Note { at, length, channel: 0, key, velocity }
}

/// A steady sine, so many slices long.
fn sine(amplitude: f32, slices: usize) -> Vec<[Slice; 2]> {
    vec![[Slice { peak: amplitude, power: amplitude * amplitude / 2.0 }; 2]; slices]
}

#[test]
fn forecast_of_tracks_that_never_overlap_is_that_of_the_loudest() {
    let mut sum = Sum::new(8 * 10 * HOP as u64).expect("memory");
    (0..8).for_each(|n| sum.add(&sine(0.9, 10), n * 10 * HOP as u64, 0.8));
    assert!((sum.expected() - 0.72).abs() < 1e-3 && (sum.bound() - 0.72).abs() < 1e-3, "{}", sum.expected());
    // All of them at once.
    let mut sum = Sum::new(10 * HOP as u64).expect("memory");
    (0..8).for_each(|_| sum.add(&sine(0.9, 10), 0, 0.8));
    assert!((sum.bound() - 5.76).abs() < 1e-2, "{}", sum.bound());
    assert!(sum.expected() > 2.04 && sum.expected() < 5.76, "{}", sum.expected());
    assert_eq!(Sum::new(1_000).expect("memory").expected(), 0.0);
}

#[test]
fn forecast_never_falls_between_slices() {
    // A click at the end of a slice, played half a slice later.
    let click = [[Slice { peak: 1.0, power: 1.0 / HOP as f32 }; 2]];
    for late in [0, 1, 128, 255] {
        let mut sum = Sum::new(4 * HOP as u64).expect("memory");
        sum.add(&click, late, 0.5);
        sum.add(&click, late + HOP as u64 / 2, 0.5);
        assert!(sum.bound() >= 1.0 || late == 0, "{late}: {}", sum.bound());
        assert!(sum.expected() >= 0.5);
    }
}

#[test]
fn forecast_knows_notes_pedals_and_what_is_the_same() {
    let on = |at, key, velocity| Event { at, what: What::NoteOn { channel: 0, key, note: -1, velocity } };
    let off = |at, key| Event { at, what: What::NoteOff { channel: 0, key, note: -1, velocity: 0.5 } };
    let pedal = |at, value| Event { at, what: What::Controller { channel: 0, number: 64, value } };
    let wheel = Event { at: 5, what: What::Controller { channel: 0, number: 1, value: 1.0 } };
    let events = [
        on(0, 60, 1.0),
        wheel,
        off(100, 60),
        pedal(150, 1.0),
        on(200, 60, 0.5),
        off(300, 60),
        on(300, 64, 0.5),
        pedal(400, 0.0),
        on(1_000, 65, 1.0),
    ];
    let (notes, others) = prepare(&events, 1_000);
    assert_eq!(notes, [note(0, 100, 60, 1.0), note(200, 200, 60, 0.5), note(300, 700, 64, 0.5)]);
    assert_eq!((others, overlap(held(&notes, &[]))), (vec![wheel], 2));
    let (all, rounded) = takes(&notes);
    assert_eq!((all.len(), rounded), (3, false));
    // A thousand notes, all different: few are measured, each as long as the longest for which it stands.
    let many: Vec<Note> =
        (0..1_000).map(|n| note(n, 100 + 37 * n, (n % 88) as u8, n as f32 / 1_000.0)).collect();
    let (few, rounded) = takes(&many);
    assert!(rounded && few.len() <= 64, "{}", few.len());
    assert_eq!(few.iter().map(|take| take.played.len()).sum::<usize>(), 1_000);
    assert!(few.iter().all(|take| take.played.iter().all(|n| many[*n].length <= take.length)));
    let levels = levels(&many, 0);
    assert_eq!((levels.len(), levels.last()), (8, Some(&0.999)));
}

#[test]
fn forecast_knows_how_patterns_swell_behind_what_was_heard() {
    use crate::compile::parts::Stroke;
    let stroke = |at| Stroke { at, length: 10_000, velocity: 0.5 };
    // One note at a time, then four of them, then none.
    let strokes: Vec<Stroke> = [0, 20_000, 110_000, 110_000, 110_000, 110_000].map(stroke).to_vec();
    let [first, second, third] = swells(&strokes, 100_000, 300_000)[..] else { panic!("three windows") };
    assert!(first == 1.0 && second > 2.0 && second <= 4.0 && third == 0.0, "{first} {second} {third}");
    assert_eq!(swells(&[], 100_000, 300_000), [1.0; 3]);
    assert_eq!(overlap(held(&[], &strokes)), 4);
}
