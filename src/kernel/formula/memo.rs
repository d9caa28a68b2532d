//! What a formula last gave, per lane: most formulas of a voice read nothing but numbers that stand still, and need not be computed
//! again while those are the same. Audio thread; never allocates, and what it gives back has the same bits.

use super::program::FormulaProgram;
use crate::kernel::pass::Pass;

/// The values that a formula last read and gave, a row of lanes each.
pub struct Memo {
    lanes: usize,
    ports: Vec<usize>,
    /// Two rows (left and right) for each port.
    read: Vec<f32>,
    /// A row for each channel.
    gave: Vec<f32>,
    /// Per lane: whether it has given anything yet.
    known: Vec<bool>,
}

impl Memo {
    /// For `lanes` lanes; none for a formula whose value may change by itself.
    pub fn new(program: &FormulaProgram, lanes: usize) -> Option<Memo> {
        program.is_still().then(|| Memo {
            lanes,
            read: vec![0.0; program.inputs_used().len() * 2 * lanes],
            gave: vec![0.0; 2 * lanes],
            known: vec![false; lanes],
            ports: program.inputs_used().to_vec(),
        })
    }

    /// Whether everything that is read stands still in this pass.
    pub fn applies(&self, pass: &Pass) -> bool {
        self.ports.iter().all(|port| pass.raw(*port, 0).1 && pass.raw(*port, 1).1)
    }

    /// Puts out what the same values gave before; `false` if they are others.
    pub fn recall(&self, pass: &mut Pass) -> bool {
        let (lane, width) = (pass.lane, pass.width());
        let mut differ = u32::from(!self.known[lane..lane + width].iter().all(|known| *known));
        for (row, (port, channel)) in self.rows().enumerate() {
            let then = &self.read[row * self.lanes + lane..][..width];
            for (now, then) in pass.raw(port, channel).0[..width].iter().zip(then) {
                differ |= now.to_bits() ^ then.to_bits();
            }
        }
        if differ != 0 {
            return false;
        }
        for (channel, tile) in pass.outputs.iter_mut().enumerate() {
            tile.floats_mut()[..width].copy_from_slice(&self.gave[channel * self.lanes + lane..][..width]);
            tile.flat = true;
        }
        true
    }

    /// Remembers a pass that was just computed.
    pub fn keep(&mut self, pass: &Pass) {
        let (lanes, lane, width) = (self.lanes, pass.lane, pass.width());
        for row in 0..self.ports.len() * 2 {
            let now = &pass.raw(self.ports[row / 2], row % 2).0[..width];
            self.read[row * lanes + lane..][..width].copy_from_slice(now);
        }
        for (channel, tile) in pass.outputs.iter().enumerate() {
            self.gave[channel * lanes + lane..][..width].copy_from_slice(&tile.floats()[..width]);
        }
        self.known[lane..lane + width].fill(true);
    }

    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        self.ports.iter().flat_map(|port| [(*port, 0), (*port, 1)])
    }
}
