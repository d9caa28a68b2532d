//! What a part's output depends on, as one number: the kernels with all their parameters, how they are joined, seeds, samples, and the
//! parts that it reads. Loader thread.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::compile::Request;
use crate::compile::plan::{Op, Plan, Recipe, What};
use crate::compile::sketch;
use crate::kernel::Audio;
use crate::kernel::recordings::RecordingsPlan;
use crate::library::Digest;

use super::Draft;

/// Parts of equal keys put out the same, given the same notes, controls and transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(Digest);

impl Key {
    /// The key of a plan by itself, whatever build of the program and whatever seed made it.
    pub(in crate::compile) fn of(plan: &Plan, request: &Request) -> Key {
        let mut writer = Writer { text: String::new(), known: HashMap::new() };
        let _ = write!(writer.text, "{} {:?}", request.rate, request.library.tuning());
        writer.plan(plan);
        Key(Digest::of(writer.text.as_bytes()))
    }

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
        let Op { inputs, channels, ends, id, sparse, .. } = op;
        let _ = write!(self.text, "\n{} {channels} {inputs:?} {ends:?} {id} {sparse}", op.what.name());
        if let What::Recordings(plan) = &op.what {
            return self.recordings(plan);
        }
        let key = match &op.what {
            // The tape tells where audio lies in memory; what memories hold has been said.
            What::Node(recipe) if recipe.tape.is_some() => {
                let what = What::Node(Box::new(Recipe { tape: None, ..Recipe::clone(recipe) }));
                sketch::key(&Op { what, ..op.clone() })
            }
            _ => sketch::key(op),
        };
        let _ = write!(self.text, " {key}");
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

    /// Audio is told by what it holds, not by where it lies.
    fn recordings(&mut self, plan: &RecordingsPlan) {
        let _ = write!(self.text, " {:?} {:?}", plan.clock, plan.made_at);
        for take in plan.takes.iter() {
            let _ = write!(self.text, " {}", take.terms());
            self.audio(&take.audio);
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
