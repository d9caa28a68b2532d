//! What an engine of high quality has played, at the rate that is heard: the very frames that the host got. The recorder's thread.

use std::collections::HashMap;

use super::kept::Piece;
use crate::engine::{Gear, Lower};

/// The filters of the mix and of each strip.
pub struct Lowered {
    pub gear: Gear,
    ways: HashMap<Option<String>, [Lower; 2]>,
    silence: Vec<f32>,
}

impl Lowered {
    pub fn new(gear: Gear) -> Lowered {
        Lowered { gear, ways: HashMap::new(), silence: vec![] }
    }

    /// The next piece; its frames are whole ones of the host's, as the engine's blocks are.
    pub fn piece(&mut self, piece: Piece) -> Piece {
        let factor = self.gear.factor;
        if factor == 1 {
            return piece;
        }
        self.silence.resize(piece.frames, 0.0);
        let mut signals = vec![];
        for number in 0..piece.signals() {
            let name = number.checked_sub(1).and_then(|strip| piece.names.get(strip)).cloned();
            let way = self.ways.entry(name).or_insert_with(|| [Lower::new(factor), Lower::new(factor)]);
            let sides = piece.signal(number).unwrap_or([&self.silence; 2]);
            let mut side = 0;
            signals.push(way.each_mut().map(|lower| {
                let mut out = vec![0.0; piece.frames / factor + 1];
                let count = lower.run(sides[side], &mut out);
                out.truncate(count);
                side += 1;
                out
            }));
        }
        piece.with(signals)
    }
}
