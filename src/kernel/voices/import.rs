//! What voices read from the graph around them: it is copied into tiles of their own graph before they run. Audio thread; never
//! allocates.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::graph::Graph;
use crate::kernel::isa::Width;
use crate::kernel::pass::Pass;

/// A signal of the graph around that voices read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Input of the kernel that owns the voices.
    pub port: usize,
    pub channel: usize,
    /// Tile of the voices' graph.
    pub tile: u32,
}

/// Copies what voices read from around them into frames `from..to` of their graph, for `width` lanes from `lane` on.
pub fn import(
    graph: &mut Graph,
    imports: &[Import],
    pass: &Pass,
    (from, to): (usize, usize),
    (lane, width): (usize, Width),
    parent: impl Fn(usize) -> usize,
) {
    if imports.is_empty() {
        return;
    }
    let frames = to - from;
    let (lanes, outer) = (width as usize, pass.width());
    let parents: [usize; MAX_LANES] = match outer {
        1 => [0; MAX_LANES],
        _ => std::array::from_fn(|k| parent(lane + k).clamp(pass.lane, pass.lane + outer - 1) - pass.lane),
    };
    for import in imports {
        let tile = graph.tile_mut(import.tile);
        tile.ends.fill(frames as u8);
        let (values, held) = pass.raw(import.port, import.channel);
        // What stands still for now is cheaper for whoever reads it; the values are the same.
        let flat = held || (outer == 1 && same(&values[from..from + frames]));
        tile.flat = flat;
        let floats = tile.floats_mut();
        let frames = if flat { 1 } else { frames };
        if outer == 1 {
            let source = &values[if held { 0 } else { from }..];
            for (frame, x) in floats[..frames * lanes].chunks_exact_mut(lanes).zip(source) {
                frame.fill(*x);
            }
        } else {
            for frame in 0..frames {
                let source = &values[if flat { 0 } else { (from + frame) * outer }..][..outer];
                let row = &mut floats[frame * lanes..][..lanes];
                row.iter_mut().zip(parents).for_each(|(x, parent)| *x = source[parent]);
            }
        }
    }
}

/// Whether all values are the same, to the bit.
fn same(values: &[f32]) -> bool {
    let first = values.first().map_or(0, |x| x.to_bits());
    values.iter().fold(0, |differ, x| differ | (x.to_bits() ^ first)) == 0
}
