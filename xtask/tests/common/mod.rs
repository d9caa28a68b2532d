//! What the host tests share: where the bundles are, the test libraries, and how to bring an instance to sound.
#![allow(dead_code, reason = "each test program uses its own part")]

#[cfg(target_os = "linux")]
pub mod screen;
#[cfg(target_os = "linux")]
pub mod seat;

use std::path::{Path, PathBuf};
use xtask::bundle::{Bundles, Kind};
use xtask::host::*;
use xtask::state::Patch;

/// Both plug-ins in the bundle.
pub const SEICHE: &str = "org.seiche.seiche";
pub const MULTI: &str = "org.seiche.multi";
pub const BOTH: [&str; 2] = [SEICHE, MULTI];

/// The plain bundles; `SEICHE_BUNDLES` names another folder with `Seiche.clap` and `Seiche.vst3`.
pub fn bundles() -> Bundles {
    match std::env::var_os("SEICHE_BUNDLES").map(PathBuf::from) {
        Some(folder) => Bundles { clap: folder.join("Seiche.clap"), vst3: folder.join("Seiche.vst3") },
        None => Kind::Release.bundles(),
    }
}

/// The bundle that counts allocations.
pub fn counting() -> Bundles {
    Kind::RtCheck.bundles()
}

pub fn open() -> Bundle {
    Bundle::open(&bundles().clap_binary()).unwrap()
}

/// A sound of `tests/libraries.yaml`.
pub fn patch(sound: &str) -> Patch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries.yaml");
    Patch::read(&path, sound).unwrap()
}

/// An instance with a patch loaded, told to wait for its loader as in a bounce, so that the first block sounds.
pub fn offline(bundle: &Bundle, id: &str, patch: &Patch) -> Instance {
    let mut instance = bundle.instance(id).unwrap();
    instance.set_offline(true).unwrap();
    let base = instance.save().unwrap();
    instance.load(&patch.into_state(&base).unwrap()).unwrap();
    instance
}

/// Loads, starts, plays and stops.
pub fn render(
    bundle: &Bundle,
    id: &str,
    patch: &Patch,
    score: &Score,
    frames: u64,
    blocks: Blocks,
) -> Recording {
    let mut instance = offline(bundle, id, patch);
    let max = if let Blocks::Of(size) = blocks { size } else { 4096 };
    let mut running = instance.start(48_000.0, max).unwrap();
    let recording = score.play(&mut running, frames, &blocks).unwrap();
    instance.stop(running);
    recording
}

/// Three notes that every host plays in the same way.
pub fn three_notes() -> Score {
    let note = |at, key| Note { at, length: 9_600, key, velocity: 100.0 / 127.0 };
    Score::notes(&[note(4_800, 57), note(19_200, 64), note(33_600, 69)])
}

/// Starts of the notes of [`three_notes`], in frames at 48 kHz.
pub const STARTS: [usize; 3] = [4_800, 19_200, 33_600];

/// Asserts that a render of [`three_notes`] at 48 kHz is sound: finite, neither faint nor clipped, each note at its frame
/// and at its pitch, silence before and between.
pub fn assert_three_notes(who: &str, main: &[Vec<f32>]) {
    use xtask::wav;
    assert_eq!(main.len(), 2, "{who}: stereo");
    assert!(wav::finite(main), "{who}: finite");
    let (peak, rms) = (wav::peak(main), wav::rms(main));
    assert!((0.1..=1.0).contains(&peak), "{who}: peak {peak}");
    assert!((0.01..=0.5).contains(&rms), "{who}: RMS {rms}");
    for (start, hertz) in STARTS.into_iter().zip([220.0, 329.628, 440.0]) {
        let onset = wav::onset(main, start - 2_000, 1e-6);
        assert!(
            onset.is_some_and(|o| (start..start + 4).contains(&o)),
            "{who}: a note at {start} began at {onset:?}"
        );
        let heard = wav::frequency(&main[0][start + 960..start + 8_640], 48_000.0);
        assert!((heard - hertz).abs() < 0.5, "{who}: {heard} Hz where {hertz} Hz was played");
    }
}

/// Where [`strokes`] begin.
pub const STROKES: [usize; 4] = [4_800, 16_800, 24_000, 36_000];

/// A drum of noise over a falling tone, a second at 48 kHz.
pub fn strokes() -> Vec<f32> {
    let mut out = vec![0.0f32; 48_000];
    let mut random = 9u32;
    for start in STROKES {
        for n in 0..7_200.min(48_000 - start) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (t, noise) = (n as f32 / 48_000.0, (random >> 8) as f32 / 8_388_608.0 - 1.0);
            out[start + n] += 0.3 * noise * (-45.0 * t).exp()
                + 0.2 * (190.0 * std::f32::consts::TAU * t).sin() * (-30.0 * t).exp();
        }
    }
    out
}

/// Asserts that every stroke of [`strokes`] is heard once, `late` frames late and at most 4 ms later, as a sound and as a note of key 38 at
/// the same frame.
pub fn assert_strokes(who: &str, heard: &[f32], sent: &[(i16, usize)], late: usize) {
    let onsets: Vec<usize> =
        (1..heard.len()).filter(|&n| heard[n].abs() > 1e-6 && heard[n - 1].abs() <= 1e-6).collect();
    let notes: Vec<usize> = sent.iter().map(|(_, at)| *at).collect();
    assert_eq!(onsets, notes, "{who}: sounds and notes");
    assert!(sent.iter().all(|(key, _)| *key == 38), "{who}: {sent:?}");
    assert_eq!(onsets.len(), STROKES.len(), "{who}: {onsets:?}");
    for (at, stroke) in onsets.iter().zip(STROKES) {
        let off = *at as i64 - (stroke + late) as i64;
        assert!((-48..=192).contains(&off), "{who}: the stroke at {stroke} is {off} frames off");
    }
}

/// A folder of its own for a test, which goes with it.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("seiche-hosts-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// Saves a text as the folder's only library.
    pub fn save(&self, text: &str) -> PathBuf {
        let file = self.0.join("library.yaml");
        std::fs::write(&file, text).unwrap();
        file
    }

    /// A steady tone at this level.
    pub fn tone(&self, level: f32) -> PathBuf {
        self.save(&format!("tone: {{osc: {{type: sin, freq: 440, amp: {level}}}}}\n"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
