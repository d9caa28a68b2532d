//! The one pass from patterns to arrays: grooves, ratchets and micro-timing once for each pattern, then clips with their loops and
//! offsets, chances, the tempo map, and the order of time.

use super::arrays::{Arrays, BUNCH, Bunch, drawn, mixed};
use super::note::{Note, Pattern};
use super::timeline::{Timeline, stamp};

/// A pattern in a song.
#[derive(Clone, Copy, Debug)]
pub struct Clip<'a> {
    pub pattern: &'a Pattern,
    /// Beats from the beginning of the song, and how long it is there.
    pub start: f64,
    pub length: f64,
    /// Where in the pattern it begins, in beats.
    pub offset: f64,
    /// Behind its end the pattern begins again; else there is silence.
    pub looped: bool,
    pub muted: bool,
    /// Semitones.
    pub transpose: i32,
    /// Factor of all velocities.
    pub velocity: f32,
    /// Tells what is drawn here from what is drawn elsewhere: clips of one number at one place draw the same.
    pub seed: u64,
}

/// When it is known which notes chance lets play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chances {
    Drawn,
    /// While it plays: each time through may be another.
    Open,
}

/// A stroke of a pattern, where it really is: what has been prepared for all clips of the pattern.
#[derive(Clone, Copy)]
struct Stroke {
    start: f64,
    end: f64,
    /// The note in the pattern.
    note: u32,
    velocity: f32,
}

/// The shortest note, in beats.
const SHORTEST: f64 = 1e-6;
/// Places that differ by less are the same, in beats.
const SAME: f64 = 1e-9;

/// All notes of the clips, ready to play. `stamps`: the time of the song and the frames per second, where frames are wanted.
pub fn prepare(clips: &[Clip], chances: Chances, stamps: Option<(&Timeline, f64)>) -> Arrays {
    let mut known: Vec<(*const Pattern, Vec<Stroke>)> = vec![];
    let mut found: Vec<(Stroke, u32)> = vec![];
    let mut runs: Vec<usize> = vec![];
    for (number, clip) in clips.iter().enumerate().filter(|(_, clip)| !clip.muted) {
        let place = known.iter().position(|(pattern, _)| std::ptr::eq(*pattern, clip.pattern));
        let place = place.unwrap_or_else(|| {
            known.push((clip.pattern, strokes(clip.pattern)));
            known.len() - 1
        });
        let begins = found.len();
        let times = if clip.looped { clip.length / clip.pattern.length.max(SHORTEST) } else { 1.0 };
        found.reserve((known[place].1.len() as f64 * times).min(1e7) as usize);
        expand(clip, number as u32, &known[place].1, &mut |stroke, number, round| {
            let note = &clip.pattern.notes[stroke.note as usize];
            let plays = note.chance >= 1.0
                || chances == Chances::Open
                || drawn(draw_of(clip, stroke.note), round) < f64::from(note.chance);
            if plays {
                found.push((stroke, number));
            }
        });
        if found.len() > begins {
            runs.push(begins);
        }
    }
    let order = in_order(&found, &runs);
    gather(clips, &found, &order, chances, stamps)
}

/// What is drawn for a written note.
fn draw_of(clip: &Clip, note: u32) -> u64 {
    mixed(clip.seed ^ u64::from(note).wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// The strokes of a pattern in order of time: grooved, ratcheted, shifted, within the pattern.
fn strokes(pattern: &Pattern) -> Vec<Stroke> {
    let Pattern { notes, length, groove, .. } = pattern;
    let mut strokes = Vec::with_capacity(notes.len());
    let mut rising = true;
    for (number, note) in notes.iter().enumerate() {
        // A note at the very end belongs to the next time through.
        if note.muted || note.start >= *length - SAME || note.chance <= 0.0 {
            continue;
        }
        let Note { start, length: whole, shift, ratchet, .. } = *note;
        let parts = f64::from(ratchet.max(1));
        let velocity = note.velocity * groove.accent(start) as f32;
        // All strokes of a note are as late as its first one.
        let late = groove.late(start) + shift;
        for part in 0..ratchet.max(1) {
            let from = start + whole * f64::from(part) / parts;
            let to = start + whole * f64::from(part + 1) / parts;
            let begins = (groove.swung(from) + late).max(0.0);
            if begins >= *length - SAME {
                continue;
            }
            let ends = (groove.swung(to) + late).max(begins + SHORTEST).min(*length);
            rising &= strokes.last().is_none_or(|last: &Stroke| last.start <= begins);
            strokes.push(Stroke {
                start: begins,
                end: ends,
                note: number as u32,
                velocity: velocity.clamp(0.0, 1.0),
            });
        }
    }
    if !rising {
        settle(&mut strokes);
    }
    strokes
}

/// Sorts strokes by their beginnings; equal ones keep their order. Grooves and shifts move them by a few places only: each goes back to
/// its own, unless that is too far for too many.
fn settle(strokes: &mut [Stroke]) {
    let mut moves = 16 * strokes.len();
    for last in 1..strokes.len() {
        let stroke = strokes[last];
        let mut place = last;
        while place > 0 && strokes[place - 1].start > stroke.start && moves > 0 {
            strokes[place] = strokes[place - 1];
            (place, moves) = (place - 1, moves - 1);
        }
        strokes[place] = stroke;
        if moves == 0 {
            return strokes.sort_by(|a, b| a.start.total_cmp(&b.start));
        }
    }
}

/// The strokes of a clip at their places in the song, with the beats by which the pattern begins later each time.
fn expand(clip: &Clip, number: u32, strokes: &[Stroke], put: &mut impl FnMut(Stroke, u32, f64)) {
    let end = clip.start + clip.length;
    let length = clip.pattern.length;
    let within = |at: f64| at > clip.start - SAME && at < end - SAME;
    let mut origin = clip.start - clip.offset;
    if length <= 0.0 {
        return;
    }
    if clip.looped && clip.offset > 0.0 {
        origin += (clip.offset / length).floor() * length;
    }
    let mut times = 0.0;
    loop {
        let begins = origin + times * length;
        if begins >= end - SAME {
            return;
        }
        // What begins before the clip is not there: it has no beginning to be heard.
        let first = strokes.partition_point(|stroke| begins + stroke.start <= clip.start - SAME);
        for stroke in &strokes[first..] {
            let start = begins + stroke.start;
            if !within(start) {
                break;
            }
            let (start, ends) = (start.max(clip.start), (begins + stroke.end).min(end));
            put(Stroke { start, end: ends.max(start + SHORTEST), ..*stroke }, number, begins);
        }
        times += 1.0;
        if !clip.looped {
            return;
        }
    }
}

/// The order of time; what begins at once stays in the order of clips and notes. Each clip is in order already: `runs` says where they
/// begin.
fn in_order(found: &[(Stroke, u32)], runs: &[usize]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..found.len() as u32).collect();
    let after = |a: usize, b: usize| found[a].0.start > found[b].0.start;
    if runs.iter().skip(1).any(|run| after(run - 1, *run)) {
        // Keys beside the places: sorting looks at them again and again.
        let mut keys: Vec<(f64, u32)> =
            found.iter().zip(0..).map(|((stroke, _), place)| (stroke.start, place)).collect();
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        order = keys.into_iter().map(|(_, place)| place).collect();
    }
    order
}

/// Field by field, in order.
fn gather(
    clips: &[Clip],
    found: &[(Stroke, u32)],
    order: &[u32],
    chances: Chances,
    stamps: Option<(&Timeline, f64)>,
) -> Arrays {
    let count = order.len();
    let mut arrays = Arrays { length: f64::INFINITY, ..Arrays::default() };
    let open = chances == Chances::Open
        && clips.iter().flat_map(|clip| &clip.pattern.notes).any(|note| note.chance < 1.0);
    let Arrays {
        start,
        end,
        key,
        channel,
        velocity,
        release,
        pan,
        tuning,
        slide,
        choke,
        chase,
        chance,
        draw,
        ..
    } = &mut arrays;
    for field in [&mut *start, end] {
        field.reserve_exact(count);
    }
    for field in [&mut *velocity, release, pan, tuning, slide] {
        field.reserve_exact(count);
    }
    for place in order {
        let (stroke, number) = &found[*place as usize];
        let clip = &clips[*number as usize];
        let note = &clip.pattern.notes[stroke.note as usize];
        start.push(stroke.start);
        end.push(stroke.end);
        key.push((i32::from(note.key) + clip.transpose).clamp(0, 127) as u8);
        channel.push(note.channel);
        velocity.push((stroke.velocity * clip.velocity).clamp(0.0, 1.0));
        release.push(note.release);
        pan.push(note.pan);
        tuning.push(note.tuning);
        slide.push(note.slide);
        choke.push(note.choke);
        chase.push(clip.pattern.chase);
        if open {
            chance.push(note.chance);
            draw.push(draw_of(clip, stroke.note));
        }
    }
    if let Some((line, rate)) = stamps {
        let mut starts = line.tempo.stamps();
        arrays.start_frame = arrays.start.iter().map(|at| stamp(starts.seconds(*at), rate)).collect();
        let mut ends = line.tempo.stamps();
        let frames = arrays.end.iter().zip(&arrays.start_frame);
        arrays.end_frame =
            frames.map(|(at, start)| stamp(ends.seconds(*at), rate).max(start + 1.0)).collect();
    }
    arrays.most = most_at_once(&arrays);
    arrays.bunches = bunches(&arrays);
    arrays
}

fn bunches(arrays: &Arrays) -> Vec<Bunch> {
    let bunch = |(ends, chokes): (&[f64], &[bool]), from: u32| {
        let later = |a: (u32, f64), b: (u32, f64)| if b.1 > a.1 { b } else { a };
        let last = (from..).zip(ends.iter().copied()).reduce(later).map_or(from, |(last, _)| last);
        Bunch { last, chokes: chokes.contains(&true) }
    };
    let all = arrays.end.chunks(BUNCH).zip(arrays.choke.chunks(BUNCH));
    all.zip((0..).step_by(BUNCH)).map(|(part, from)| bunch(part, from)).collect()
}

/// How many keys are down at once, at most.
fn most_at_once(arrays: &Arrays) -> usize {
    let mut ends: std::collections::BinaryHeap<std::cmp::Reverse<u64>> = Default::default();
    let mut most = 0;
    for (start, end) in arrays.start.iter().zip(&arrays.end) {
        // Places are not below 0, where the order of bits is that of numbers.
        while ends.peek().is_some_and(|end| end.0 <= start.to_bits()) {
            ends.pop();
        }
        ends.push(std::cmp::Reverse(end.to_bits()));
        most = most.max(ends.len());
    }
    most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::{Groove, TempoMap, TempoPoint};

    fn note(start: f64, length: f64, key: u8) -> Note {
        Note { start, length, key, ..Note::default() }
    }

    fn clip(pattern: &Pattern) -> Clip<'_> {
        Clip {
            pattern,
            start: 0.0,
            length: pattern.length,
            offset: 0.0,
            looped: true,
            muted: false,
            transpose: 0,
            velocity: 1.0,
            seed: 1,
        }
    }

    fn four() -> Pattern {
        let notes = (0..4).map(|n| note(f64::from(n), 0.5, 60 + n as u8)).collect();
        Pattern { notes, length: 4.0, ..Pattern::default() }
    }

    fn starts(clips: &[Clip]) -> Vec<(f64, u8)> {
        let arrays = prepare(clips, Chances::Drawn, None);
        arrays.start.iter().copied().zip(arrays.key).collect()
    }

    #[test]
    fn prepare_clips_loop_begin_within_and_are_cut() {
        let pattern = four();
        let plain = clip(&pattern);
        assert_eq!(starts(&[plain]), [(0.0, 60), (1.0, 61), (2.0, 62), (3.0, 63)]);
        let late = Clip { start: 8.0, offset: 2.0, length: 4.0, ..plain };
        assert_eq!(starts(&[late]), [(8.0, 62), (9.0, 63), (10.0, 60), (11.0, 61)]);
        assert_eq!(starts(&[Clip { looped: false, ..late }]), [(8.0, 62), (9.0, 63)]);
        assert_eq!(starts(&[Clip { length: 6.0, ..plain }]).len(), 6);
        assert_eq!(starts(&[Clip { offset: 10.0, length: 1.0, ..plain }]), [(0.0, 62)]);
        assert!(starts(&[Clip { muted: true, ..plain }]).is_empty());
        let cut = prepare(&[Clip { length: 0.25, transpose: 12, ..plain }], Chances::Drawn, None);
        assert_eq!((cut.end[0], cut.key[0]), (0.25, 72), "the key comes up with the clip");
        // Overlapping clips: nothing is lost, and what begins at once stays in their order.
        let over = starts(&[plain, Clip { start: 2.0, transpose: 1, ..plain }]);
        assert_eq!(over[2..6], [(2.0, 62), (2.0, 61), (3.0, 63), (3.0, 62)]);
    }

    #[test]
    fn prepare_settles_notes_in_any_order() {
        for count in [3u32, 40, 5_000] {
            let at = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) % count / 2);
            let notes = (0..count).map(|n| note(at(n), 0.5, (n % 128) as u8)).collect();
            let pattern = Pattern { notes, length: f64::from(count), ..Pattern::default() };
            let mut wanted: Vec<(f64, u8)> = (0..count).map(|n| (at(n), (n % 128) as u8)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(starts(&[clip(&pattern)]) == wanted, "{count}");
        }
    }

    #[test]
    fn prepare_ratchets_share_the_note_and_micro_timing_moves_all_of_it() {
        let notes = vec![
            Note { ratchet: 3, shift: 0.05, ..note(1.0, 0.75, 60) },
            Note { shift: -0.1, ..note(0.0, 1.0, 62) },
            Note { muted: true, ..note(2.0, 1.0, 64) },
        ];
        let pattern = Pattern { notes, length: 4.0, ..Pattern::default() };
        let arrays = prepare(&[clip(&pattern)], Chances::Drawn, None);
        for (got, wanted) in arrays.start.iter().zip([0.0, 1.05, 1.3, 1.55]) {
            assert!((got - wanted).abs() < 1e-12, "{got} {wanted}");
        }
        assert!((arrays.end[0] - 0.9).abs() < 1e-12 && (arrays.end[3] - 1.8).abs() < 1e-12);
        assert_eq!(arrays.len(), 4);
    }

    #[test]
    fn prepare_chances_are_drawn_by_place_and_as_often_as_they_say() {
        let notes = vec![Note { chance: 0.3, ratchet: 2, ..note(0.0, 0.5, 60) }];
        let pattern = Pattern { notes, length: 1.0, ..Pattern::default() };
        let long = Clip { length: 10_000.0, ..clip(&pattern) };
        let arrays = prepare(&[long], Chances::Drawn, None);
        let share = arrays.len() as f64 / 20_000.0;
        assert!((share - 0.3).abs() < 0.02, "{share}");
        assert!(arrays.start.chunks(2).all(|pair| (pair[1] - pair[0] - 0.25).abs() < 1e-9), "both or none");
        // A clip that is split draws what it drew whole.
        let split = [Clip { length: 500.0, ..long }, Clip { start: 500.0, length: 9_500.0, ..long }];
        assert_eq!(prepare(&split, Chances::Drawn, None).start, arrays.start);
        assert!(prepare(&[Clip { seed: 2, ..long }], Chances::Drawn, None).start != arrays.start);
    }

    #[test]
    fn prepare_stamps_are_the_frames_of_the_tempo_map() {
        let point = |at, bpm, ramp| TempoPoint { at, bpm, ramp };
        let tempo =
            TempoMap::new(&[point(0.0, 60.0, false), point(8.0, 180.0, true), point(9.0, 90.0, false)]);
        let line = Timeline { tempo, ..Timeline::default() };
        let pattern = four();
        let arrays =
            prepare(&[Clip { length: 16.0, ..clip(&pattern) }], Chances::Drawn, Some((&line, 48_000.0)));
        for (beat, frame) in arrays.start.iter().zip(&arrays.start_frame) {
            assert!((frame - line.tempo.seconds(*beat) * 48_000.0).abs() < 1.0);
        }
        assert_eq!(arrays.start_frame[8], 192_000.0);
    }

    prop_compose! {
        fn patterns()(
            notes in prop::collection::vec((0..64u32, 1..16u32, 0..128u8, 1..4u16, -10..10i32), 1..40),
            length in 1..17u32,
            swing in 0.5..0.75f64,
        ) -> Pattern {
            let notes = notes.into_iter().map(|(start, steps, key, ratchet, shift)| Note {
                ratchet,
                shift: f64::from(shift) / 100.0,
                ..note(f64::from(start) / 4.0, f64::from(steps) / 4.0, key)
            });
            let groove = Groove { swing, ..Groove::default() };
            Pattern { notes: notes.collect(), length: f64::from(length), groove, chase: true }
        }
    }

    proptest! {
        #[test]
        fn prepare_loses_doubles_and_reorders_no_note(pattern in patterns(), times in 1..5u32, clips in 1..4usize) {
            let length = pattern.length * f64::from(times);
            let all: Vec<Clip> = (0..clips)
                .map(|n| Clip { start: 3.0 * n as f64, length, seed: n as u64, ..clip(&pattern) })
                .collect();
            let arrays = prepare(&all, Chances::Drawn, None);
            // By hand, note by note.
            let mut wanted = vec![];
            for clip in &all {
                for round in 0..times {
                    for n in &pattern.notes {
                        for part in 0..n.ratchet {
                            let straight = n.start + n.length * f64::from(part) / f64::from(n.ratchet);
                            let at = (pattern.groove.at(straight) + n.shift).max(0.0);
                            if n.start < pattern.length && at < pattern.length - 2.0 * SAME {
                                wanted.push((clip.start + f64::from(round) * pattern.length + at, n.key));
                            }
                        }
                    }
                }
            }
            prop_assert_eq!(arrays.len(), wanted.len());
            prop_assert!(arrays.start.windows(2).all(|w| w[0] <= w[1]));
            prop_assert!(arrays.start.iter().zip(&arrays.end).all(|(start, end)| end > start));
            let rounded = |at: f64, key| ((at * 1e6).round() as i64, key);
            let mut got: Vec<_> =
                arrays.start.iter().zip(&arrays.key).map(|(at, key)| rounded(*at, *key)).collect();
            let mut wanted: Vec<_> = wanted.into_iter().map(|(at, key)| rounded(at, key)).collect();
            got.sort_unstable();
            wanted.sort_unstable();
            let close = got.iter().zip(&wanted).all(|(a, b)| (a.0 - b.0).abs() <= 1);
            prop_assert!(close);
        }
    }
}
