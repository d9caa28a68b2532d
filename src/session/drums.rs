//! The drums that triggers have learned, as they are saved with the project. What was learned belongs to the number of the trigger in the
//! host, whatever library plays. Any thread but the audio thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::{self, DrumProfile, DrumStroke, Drums, Instrument, STEPS};

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
}
