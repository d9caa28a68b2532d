//! The drums that triggers have learned, as they are saved with the project, and the strokes that they have heard, as MIDI files. What was
//! learned belongs to the number of the trigger in the host, whatever library plays. Any thread but the audio thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::{self, DrumProfile, DrumStroke, Drums, Instrument, STEPS, Struck};
use crate::score::{DrumNote, write_strokes};

/// Drums by the numbers of their triggers, from 1.
pub type Saved = BTreeMap<u8, Drum>;

/// A drum, in the steps in which learning counts: a full stroke's level in each band, and how it rises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drum {
    pub instrument: String,
    pub levels: [i32; 8],
    pub rise: [i32; 4],
}

fn steps<const N: usize>(values: [f32; N]) -> [i32; N] {
    values.map(|value| (value * STEPS) as i32)
}

fn values<const N: usize>(steps: [i32; N]) -> [f32; N] {
    // Levels of audio lie within these bounds.
    steps.map(|step| (step as f32 / STEPS).clamp(-64.0, 64.0))
}

/// To be saved.
pub fn saved(drums: &Drums) -> Saved {
    let one = |(slot, drum): (u8, &engine::Drum)| {
        // Somebody is just writing it: a moment later it is there.
        let (_, profile) = (0..1000).find_map(|_| drum.learned())?;
        let DrumProfile { stroke, instrument, .. } = profile?;
        let instrument = instrument.name().to_owned();
        Some((slot + 1, Drum { instrument, levels: steps(stroke.levels), rise: steps(stroke.rise) }))
    };
    drums.all().filter_map(one).collect()
}

/// As it was saved; what makes no sense is left out.
pub fn restore(drums: &Drums, saved: &Saved) {
    for (slot, drum) in drums.all() {
        let profile = saved.get(&(slot + 1)).and_then(|saved| {
            let instrument = Instrument::named(&saved.instrument)?;
            let stroke = DrumStroke { levels: values(saved.levels), rise: values(saved.rise) };
            Some(DrumProfile { stroke, instrument, learned: 1.0 })
        });
        if profile.is_some() || drum.learned().is_none_or(|(_, known)| known.is_some()) {
            (0..1000).find_map(|_| drum.listen_for(profile.as_ref()));
        }
    }
}

/// A number that is another one whenever a trigger has learned or forgotten.
pub fn version(drums: &Drums) -> u32 {
    drums.all().fold(0, |sum: u32, (_, drum)| sum.wrapping_add(drum.version()))
}

/// The strokes that a trigger has heard lately, as a MIDI file: since the host's transport began to run or jumped back, in the song's
/// beats; without a host's transport since it was looked at, from the first stroke on, at 120 beats a minute.
///
/// # Errors
/// In one sentence, where there is nothing to write.
pub fn strokes(drums: &Drums, slot: u8, rate: f64) -> Result<Vec<u8>, String> {
    let (all, bpm) = drums.get(slot).map(|drum| drum.sight.strokes()).unwrap_or_default();
    let take = last_take(&all);
    let (Some(first), Some(last)) = (take.first(), take.last()) else {
        return Err(format!("trigger {} has heard no stroke yet", slot + 1));
    };
    let bpm = if last.beats.is_some() && bpm > 0.0 { bpm } else { 120.0 };
    let per_frame = bpm / (60.0 * rate);
    let place = |one: &Struck| one.beats.unwrap_or((one.at - first.at) as f64 * per_frame);
    // Before the beginning of the song there is no time in a file: whole bars of four are added.
    let early = (-place(first) / 4.0).ceil().max(0.0) * 4.0;
    let strokes: Vec<_> = take.iter().map(|one| (place(one) + early, one.velocity)).collect();
    let length = f64::from(last.length) * per_frame;
    write_strokes(&strokes, DrumNote { key: last.key, channel: last.channel, length }, bpm)
}

/// The newest strokes that follow each other in the song.
fn last_take(all: &[Struck]) -> &[Struck] {
    let follows = |two: &[Struck]| match (two[0].beats, two[1].beats) {
        (Some(before), Some(now)) => before <= now,
        (None, None) => true,
        _ => false,
    };
    let broken = all.windows(2).rposition(|two| !follows(two));
    &all[broken.map_or(0, |n| n + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drums_are_saved_in_whole_steps_and_what_makes_no_sense_is_left_out() {
        let text = r#"{"2":{"instrument":"snare","levels":[-1,0,1,2,3,-4096,5,6],"rise":[-9,-8,-7,0]}}"#;
        let drums = Drums::default();
        restore(&drums, &serde_json::from_str(text).unwrap());
        assert_eq!(serde_json::to_string(&saved(&drums)).unwrap(), text);
        let before = version(&drums);
        restore(&drums, &Saved::new());
        assert!(saved(&drums).is_empty());
        assert_ne!(version(&drums), before);
        let wrong = r#"{"1":{"instrument":"gong","levels":[0,0,0,0,0,0,0,0],"rise":[0,0,0,0]},
                        "9":{"instrument":"any","levels":[0,0,0,0,0,0,0,0],"rise":[0,0,0,0]}}"#;
        restore(&drums, &serde_json::from_str(wrong).unwrap());
        assert!(saved(&drums).is_empty());
    }

    #[test]
    fn drums_strokes_are_a_midi_file_of_the_last_take() {
        let drums = Drums::default();
        assert_eq!(strokes(&drums, 2, 48_000.0).unwrap_err(), "trigger 3 has heard no stroke yet");
        let sight = &drums.get(2).unwrap().sight;
        sight.look(1.0, 48_000.0);
        let stroke = |at, beats, velocity| Struck { at, beats, velocity, key: 36, channel: 9, length: 4_800 };
        let notes = || {
            let file = crate::score::midi::read(&strokes(&drums, 2, 48_000.0).unwrap()).unwrap();
            let notes = file.tracks[0].notes.iter().map(|n| (n.start, (n.velocity * 127.0).round() as u8));
            (file.tempo[0].bpm.round(), notes.collect::<Vec<_>>())
        };
        sight.strike(stroke(1_000, None, 90.0), 120.0);
        sight.strike(stroke(25_000, None, 10.0), 120.0);
        assert_eq!(notes(), (120.0, vec![(0.0, 90), (1.0, 10)]));
        for (beats, velocity) in [(8.0, 50.0), (9.5, 51.0), (4.0, 52.0), (4.25, 53.0)] {
            sight.strike(stroke(0, Some(beats), velocity), 90.0);
        }
        assert_eq!(notes(), (90.0, vec![(4.0, 52), (4.25, 53)]), "the host has gone back to beat 4");
        sight.strike(stroke(0, Some(-0.5), 54.0), 90.0);
        assert_eq!(notes().1, [(3.5, 54)], "in the bar before the song");
    }
}
