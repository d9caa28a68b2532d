//! Voices that go on: every pool finds its successor, every bank of it one of the same shape. A pool that has become larger or smaller
//! begins a new bank, and the voices that sound play on in the old one until they are over. Loader thread.

use std::sync::atomic::Ordering;

use crate::kernel::Graph;
use crate::kernel::carry::{Carry, Passage};

use super::super::plan::{Ends, Op, Plan, What, Wire};
use super::super::pools::{BankDraft, Driver, PoolDraft, Voices};
use super::super::sketch::{BankSketch, GraphSketch, Part, same_value};
use super::matching::pools;
use super::merge::Merge;
use super::{Level, Links, same_shape, succeed};

/// Most banks of a pool, but for notes: copies that do not end by themselves could make any number.
const BANKS: usize = 12;

impl<'a> Merge<'a> {
    /// The pools of an operation that goes on, each merged with its successor.
    pub fn voices(&mut self, from: usize, index: usize, op: &mut Op) -> Vec<Passage> {
        let Op { what: What::Voices(voices), inputs, .. } = op else { return vec![] };
        let Voices { pools: drafts, driver, .. } = &mut **voices;
        let most = if matches!(driver, Driver::MidiIn { .. }) { usize::MAX } else { BANKS };
        let graph: &GraphSketch = self.old;
        let old = &graph.ops[from];
        let successors = pools(old, &self.sketch.ops[index]);
        let mut passages = vec![];
        for (number, (before, to)) in old.pools.iter().zip(successors).enumerate() {
            // What is no more fades beside the pools that are there.
            let Some(to) = to else {
                let mut gone = PoolDraft::new(before.name.clone(), Plan::default(), 1);
                for (bank, before) in before.banks.iter().enumerate() {
                    let (draft, carry) = self.closing(from, before, inputs);
                    let at = gone.older.len() + usize::from(bank > 0);
                    match bank {
                        0 => gone.main = draft,
                        _ => gone.older.push(draft),
                    }
                    passages.push(Passage { from: (number, bank), to: (drafts.len(), at), carry });
                }
                drafts.push(gone);
                continue;
            };
            let fresh = drafts[to].main.clone();
            let shape = |bank: &BankSketch| same_shape(bank.voices, fresh.voices, self.level.lanes);
            let main = before.banks.iter().position(shape);
            let banks = before.banks.iter().enumerate();
            for (bank, before) in banks {
                let own = Some(bank) == main;
                // A bank without voices comes along only where new ones can begin in it.
                let silent =
                    self.level.silent.or(before.silent.load(Ordering::Relaxed).then_some(&before.silent));
                if let Some(silent) = silent.filter(|_| !own && (bank > 0 || self.level.frugal)) {
                    self.carry.after.push(silent.clone());
                    continue;
                }
                let (draft, sketch, mut carry) = if drafts[to].older.len() >= most && !own {
                    let (draft, carry) = self.closing(from, before, inputs);
                    (draft, None, carry)
                } else {
                    let voices = if own { before.voices.max(fresh.voices) } else { before.voices };
                    let (draft, sketch, carry) =
                        self.bank(from, before, BankDraft::new(fresh.plan.clone(), voices), inputs);
                    (draft, Some(sketch), carry)
                };
                self.carry.after.append(&mut carry.after);
                let (pool, known) = (&mut drafts[to], &mut self.sketch.ops[index].pools[to]);
                let place = if own { 0 } else { 1 + pool.older.len() };
                match (own, sketch) {
                    (true, Some(sketch)) => (pool.main, known.banks[0]) = (draft, sketch),
                    (_, sketch) => {
                        pool.older.push(draft);
                        known.banks.extend(sketch);
                    }
                }
                passages.push(Passage { from: (number, bank), to: (to, place), carry });
            }
        }
        passages
    }

    /// A bank whose voices go on, merged with what they play now.
    fn bank(
        &mut self,
        from: usize,
        before: &BankSketch,
        mut draft: BankDraft,
        inputs: &mut Vec<Wire>,
    ) -> (BankDraft, BankSketch, Carry) {
        draft.silent.store(before.silent.load(Ordering::Relaxed), Ordering::Relaxed);
        let mut sketch = BankSketch::of(&draft);
        let imports = self.imports(from, &before.graph, &mut draft.plan, inputs);
        let level = self.inside(before, draft.voices);
        // The sketch knows nothing of what is imported only for what leaves.
        let known: Vec<_> = imports.iter().copied().filter(|(_, to)| *to < sketch.graph.ops.len()).collect();
        let mut links = Links::of_voices(&before.graph, &sketch.graph, &known);
        imports.into_iter().for_each(|(from, to)| links.ops[from] = Some(to));
        let (plan, carry) = succeed(&before.graph, draft.plan, &mut sketch.graph, level, links);
        draft.plan = plan;
        (draft, sketch, carry)
    }

    /// A bank whose voices fade as they are.
    fn closing(&mut self, from: usize, before: &BankSketch, inputs: &mut Vec<Wire>) -> (BankDraft, Carry) {
        let variables = before.graph.variables;
        let mut plan = Plan { slots: vec![0.0; variables], ..Plan::default() };
        let mut links = Links { ops: vec![None; before.graph.ops.len()], outputs: vec![] };
        for (from, to) in self.imports(from, &before.graph, &mut plan, inputs) {
            links.ops[from] = Some(to);
        }
        let mut nothing = GraphSketch { variables, ..GraphSketch::default() };
        let (plan, carry) =
            succeed(&before.graph, plan, &mut nothing, self.inside(before, before.voices), links);
        (BankDraft { closing: true, ..BankDraft::new(plan, before.voices) }, carry)
    }

    /// The level of so many voices of a bank.
    fn inside<'b>(&self, before: &'b BankSketch, voices: usize) -> Level<'b>
    where
        'a: 'b,
    {
        let silent = self.level.silent.or(before.silent.load(Ordering::Relaxed).then_some(&before.silent));
        let silent = silent.filter(|_| self.level.frugal);
        Level { lanes: Graph::lanes_for(self.level.lanes * voices), silent, ..self.level }
    }

    /// Pairs what the voices read from around them; what only leaving operations read is imported for them.
    fn imports(
        &mut self,
        from: usize,
        before: &GraphSketch,
        plan: &mut Plan,
        inputs: &mut Vec<Wire>,
    ) -> Vec<(usize, usize)> {
        let mut pairs = vec![];
        for (number, op) in before.ops.iter().enumerate() {
            let Part::Import { index, channel } = op.part else { continue };
            let Some(value) = self.old_value(self.old.ops[from].inputs[index].channel(channel)) else {
                continue;
            };
            let reads = |o: &Op| match o.what {
                What::Import { index, channel } => same_value(inputs[index].channel(channel), value),
                _ => false,
            };
            let to = plan.ops.iter().position(reads).unwrap_or_else(|| {
                inputs.push(Wire::mono(value));
                let what = What::Import { index: inputs.len() - 1, channel: 0 };
                plan.push(Op::new(what, vec![], 1, Ends::Never, format!("{}.leaving", op.id)))
            });
            pairs.push((number, to));
        }
        pairs
    }
}
