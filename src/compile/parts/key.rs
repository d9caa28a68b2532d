//! What a part's output depends on, as one number: the kernels with all their parameters, how they are joined, seeds, samples, and the
//! parts that it reads. Loader thread.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::compile::Request;
use crate::compile::plan::{Op, Plan, What};
use crate::compile::sketch;
use crate::kernel::Audio;
use crate::library::Digest;

use super::Draft;

/// Parts of equal keys put out the same, given the same notes, controls and transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(Digest);

impl Key {
    /// The key of something that depends on this one and on more.
    pub fn with(&self, more: &str) -> Key {
        Key(Digest::of(format!("{self:?} {more}").as_bytes()))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The keys of parts, in their order.
pub(super) fn keys(parts: &[Draft], request: &Request) -> Vec<Key> {
    let mut writer = Writer { text: String::new(), known: HashMap::new() };
    // Where each cable comes from: the key of its part, and its place there.
    let mut cables: HashMap<usize, (Key, usize)> = HashMap::new();
    let mut keys = vec![];
    for part in parts {
        writer.text.clear();
        let tuning = request.library.tuning();
        let _ = write!(writer.text, "{} {} {tuning:?} {}", request.rate, request.seed, program());
        let sources: Vec<_> = part.reads.iter().map(|cable| cables.get(cable)).collect();
        let _ = write!(writer.text, " {sources:?}");
        writer.plan(&part.plan);
        let key = Key(Digest::of(writer.text.as_bytes()));
        cables.extend(part.writes.iter().enumerate().map(|(place, cable)| (*cable, (key, place))));
        keys.push(key);
    }
    keys
}

/// Another build of the program may put out other bits.
fn program() -> String {
    let built =
        std::env::current_exe().and_then(std::fs::metadata).and_then(|m| Ok((m.len(), m.modified()?)));
    format!("{} {:?}", env!("CARGO_PKG_VERSION"), built.ok())
}

struct Writer {
    text: String,
    /// Digests of recordings, by where they lie.
    known: HashMap<*const Audio, Digest>,
}

impl Writer {
    fn plan(&mut self, plan: &Plan) {
        let Plan { slots, lines, rounds, outputs, .. } = plan;
        let rounds: Vec<_> = rounds.iter().map(|round| (&round.ops, round.grain)).collect();
        let _ = write!(self.text, "({slots:?} {lines:?} {rounds:?} {outputs:?}");
        for memory in &plan.memories {
            let seconds = memory.seconds.map(|(seconds, _)| seconds);
            let _ = write!(self.text, " {seconds:?} {}", memory.channels);
            memory.file.iter().for_each(|audio| self.audio(audio));
        }
        plan.ops.iter().for_each(|op| self.op(op));
        self.text.push(')');
    }

    fn op(&mut self, op: &Op) {
        let Op { inputs, ends, id, sparse, .. } = op;
        let _ =
            write!(self.text, "\n{} {} {inputs:?} {ends:?} {id} {sparse}", op.what.name(), sketch::key(op));
        match &op.what {
            What::Node(recipe) => {
                let _ = write!(self.text, " {:?}", recipe.memory);
                recipe.audio.iter().chain(&recipe.folder).for_each(|audio| self.audio(audio));
            }
            What::Import { index, channel } => {
                let _ = write!(self.text, " {index} {channel}");
            }
            What::FeedbackRead { line } | What::FeedbackWrite { line } => {
                let _ = write!(self.text, " {line}");
            }
            What::Voices(voices) => {
                for pool in &voices.pools {
                    let _ = write!(self.text, " {} {}", pool.name, pool.main.voices);
                    self.plan(&pool.main.plan);
                }
            }
            _ => {}
        }
    }

    fn audio(&mut self, audio: &Arc<Audio>) {
        let digest = *self.known.entry(Arc::as_ptr(audio)).or_insert_with(|| {
            let mut bytes = audio.rate.to_le_bytes().to_vec();
            for channel in &audio.channels {
                bytes.extend_from_slice(&(channel.len() as u64).to_le_bytes());
                bytes.extend(channel.iter().flat_map(|x| x.to_bits().to_le_bytes()));
            }
            Digest::of(&bytes)
        });
        let _ = write!(self.text, " {digest}");
    }
}
