//! What sounds read while they play: notes in the order of time, field by field. Made once by the loader; the audio thread only reads it.

use std::fmt;

/// Notes that are looked at together when the song jumps into the middle of them.
pub const BUNCH: usize = 64;

/// What is known of [`BUNCH`] notes in a row.
#[derive(Clone, Copy, PartialEq)]
pub struct Bunch {
    /// The note that ends last.
    pub last: u32,
    /// One of them ends what sounds before it.
    pub chokes: bool,
}

/// Notes by their fields, in order of their beginnings. The place of a note is its id: no two notes share one.
#[derive(Clone, Default, PartialEq)]
pub struct Arrays {
    /// Beginnings and ends in beats.
    pub start: Vec<f64>,
    pub end: Vec<f64>,
    /// The same in frames of the song's own tempo map; empty where nobody asked for them.
    pub start_frame: Vec<f64>,
    pub end_frame: Vec<f64>,
    pub key: Vec<u8>,
    pub channel: Vec<u8>,
    pub velocity: Vec<f32>,
    pub release: Vec<f32>,
    pub pan: Vec<f32>,
    pub tuning: Vec<f32>,
    /// Seconds of the glide from the note before.
    pub slide: Vec<f32>,
    pub choke: Vec<bool>,
    /// A jump into the middle of it lets it sound from there.
    pub chase: Vec<bool>,
    pub bunches: Vec<Bunch>,
    /// Where chances are drawn while it plays: how likely each note is. Else empty: only what was drawn is here.
    pub chance: Vec<f32>,
    /// What is drawn for a note, with [`drawn`]; equal for the strokes of one written note.
    pub draw: Vec<u64>,
    /// Beats after which it begins again; infinite where it does not.
    pub length: f64,
    /// Most notes whose keys are down at once.
    pub most: usize,
}

impl Arrays {
    pub fn len(&self) -> usize {
        self.start.len()
    }

    pub fn is_empty(&self) -> bool {
        self.start.is_empty()
    }

    /// Memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.len() * (4 * 8 + 4 + 6 * 4 + 8)
    }

    /// A number for all that is in it, to tell arrays apart.
    fn digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for field in [&self.start, &self.end, &self.start_frame, &self.end_frame] {
            floats(&mut hasher, field.iter().map(|x| x.to_bits()));
        }
        for field in [&self.velocity, &self.release, &self.pan, &self.tuning, &self.slide, &self.chance] {
            floats(&mut hasher, field.iter().map(|x| u64::from(x.to_bits())));
        }
        hasher.update(&self.key).update(&self.channel);
        for flags in [&self.choke, &self.chase] {
            hasher.update(&flags.iter().map(|on| u8::from(*on)).collect::<Vec<u8>>());
        }
        floats(&mut hasher, self.draw.iter().copied());
        floats(&mut hasher, [self.length.to_bits(), self.most as u64].into_iter());
        hasher.finalize()
    }
}

fn floats(hasher: &mut blake3::Hasher, bits: impl ExactSizeIterator<Item = u64>) {
    hasher.update(&(bits.len() as u64).to_le_bytes());
    hasher.update(&bits.flat_map(u64::to_le_bytes).collect::<Vec<u8>>());
}

/// Not all of it: what tells it from others.
impl fmt::Debug for Arrays {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} notes {}", self.len(), self.digest().to_hex())
    }
}

/// What chance says of a note, 0..1: the same for the same note at the same place of the song. `round`: beats by which the place is later
/// than in the arrays.
pub fn drawn(draw: u64, round: f64) -> f64 {
    let ticks = (round * super::TICKS).round() as i64 as u64;
    (mixed(draw ^ mixed(ticks)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A number that looks like any other (SplitMix64; Steele, Lea, Flood 2014).
pub fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
