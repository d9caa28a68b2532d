//! Which operations of two plans belong together. Explicit ids come first; then what is the same with all that it reads, at the same
//! place in the text or, where that is clear, at another one (renamed, moved, wrapped); then what stands at the same place; then what
//! is the only one of its kind below others that belong together, or, where it plays voices, at all. Loader thread.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::plan::{Value, Wire};
use super::super::sketch::{GraphSketch, OpSketch, Part, PoolSketch};

/// Operations of both graphs that are the same because the graphs around say so.
pub type Pairs<'a> = &'a [(usize, usize)];

struct Matching<'a> {
    old: &'a GraphSketch,
    new: &'a GraphSketch,
    /// Per old operation, the new one that goes on with its state.
    found: Vec<Option<usize>>,
    taken: Vec<bool>,
}

/// Per old operation, the new one that goes on with its state. `outputs` are outputs of both that have the same name.
pub fn matches(old: &GraphSketch, new: &GraphSketch, imports: Pairs, outputs: Pairs) -> Vec<Option<usize>> {
    let (found, taken) = (vec![None; old.ops.len()], vec![false; new.ops.len()]);
    let mut matching = Matching { old, new, found, taken };
    for (from, to) in imports {
        matching.found[*from] = Some(*to);
        matching.taken[*to] = true;
    }
    let (was, is) = (prints_inside(old, imports, |p| p.0), prints_inside(new, imports, |p| p.1));
    matching.by_id(|op, from, to| explicit(op) || was[from] == is[to]);
    matching.by_print(&was, &is);
    matching.by_id(|_, _, _| true);
    matching.by_place(outputs);
    matching.by_kind();
    matching.found
}

/// The pools of two nodes that belong together: per old one, its successor.
pub fn pools(old: &OpSketch, new: &OpSketch) -> Vec<Option<usize>> {
    let mut found = vec![None; old.pools.len()];
    let mut taken = vec![false; new.pools.len()];
    let kin = |pool: &PoolSketch, op: &OpSketch| {
        // Names that begin with the node's own say which part of it they are.
        pool.name.strip_prefix(&op.id).unwrap_or(&pool.name).to_owned()
    };
    let same_name = |a: &PoolSketch, b: &PoolSketch| kin(a, old) == kin(b, new);
    let same_graph = |a: &PoolSketch, b: &PoolSketch| a.graph().is(b.graph());
    let any = |a: &PoolSketch, b: &PoolSketch| a.graph().variables == b.graph().variables;
    let same = |a: &PoolSketch, b: &PoolSketch| same_name(a, b) && same_graph(a, b);
    type Rule<'a> = &'a dyn Fn(&PoolSketch, &PoolSketch) -> bool;
    // The steps of a pattern play on wherever they stand now; elsewhere the place decides what is heard next.
    let rules: [Rule; 4] = match old.part {
        Part::Voices("sequencer") => [&same, &same_graph, &same_name, &any],
        _ => [&same, &same_name, &same_graph, &any],
    };
    for (number, rule) in rules.iter().enumerate() {
        let (olds, news) = (found.iter().filter(|f| f.is_none()), taken.iter().filter(|t| !**t));
        if number == 3 && (olds.count(), news.count()) != (1, 1) {
            break;
        }
        for (from, a) in old.pools.iter().enumerate() {
            if found[from].is_none()
                && let Some(to) = (0..new.pools.len()).find(|to| !taken[*to] && rule(a, &new.pools[*to]))
            {
                (found[from], taken[to]) = (Some(to), true);
            }
        }
    }
    found
}

/// Whether an operation has its name from an `id` in the text.
fn explicit(op: &OpSketch) -> bool {
    !op.id.contains(".root")
}

impl Matching<'_> {
    fn fits(&self, from: usize, to: usize) -> bool {
        self.found[from].is_none() && !self.taken[to] && continues(&self.old.ops[from], &self.new.ops[to])
    }

    fn pair(&mut self, from: usize, to: usize) {
        self.found[from] = Some(to);
        self.taken[to] = true;
    }

    /// Those of the same id that `also` agrees with.
    fn by_id(&mut self, also: impl Fn(&OpSketch, usize, usize) -> bool) {
        let new = self.new;
        let mut ids: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, op) in new.ops.iter().enumerate() {
            ids.entry(&op.id).or_default().push(index);
        }
        for (from, op) in self.old.ops.iter().enumerate() {
            let Some(all) = ids.get(op.id.as_str()) else { continue };
            if let Some(to) = all.iter().find(|to| self.fits(from, **to) && also(op, from, **to)) {
                self.pair(from, *to);
            }
        }
    }

    /// Those that are the same with all that they read, wherever they stand: in order, where both sides have as many of them.
    fn by_print(&mut self, was: &[u64], is: &[u64]) {
        let left = |prints: &[u64], gone: &dyn Fn(usize) -> bool| {
            let mut left: HashMap<u64, Vec<usize>> = HashMap::new();
            let all = prints.iter().enumerate().filter(|(index, _)| !gone(*index));
            all.for_each(|(index, print)| left.entry(*print).or_default().push(index));
            left
        };
        let old = left(was, &|index| self.found[index].is_some());
        let new = left(is, &|index| self.taken[index]);
        for (print, from) in &old {
            let Some(to) = new.get(print).filter(|to| to.len() == from.len()) else { continue };
            for (from, to) in from.iter().zip(to) {
                if self.fits(*from, *to) {
                    self.pair(*from, *to);
                }
            }
        }
    }

    /// What is the only one of its kind among the inputs of two that belong together, from the outputs on.
    fn by_place(&mut self, outputs: Pairs) {
        let of = |wires: &[Wire], index: usize| wires.get(index).and_then(|wire| wire.left.op());
        for (from, to) in outputs {
            self.pair_kinds(
                &of(&self.old.outputs, *from).into_iter().collect::<Vec<_>>(),
                &of(&self.new.outputs, *to).into_iter().collect::<Vec<_>>(),
            );
        }
        let rest = |wires: &[Wire], known: &dyn Fn(usize) -> bool| -> Vec<usize> {
            wires
                .iter()
                .enumerate()
                .filter(|(n, _)| !known(*n))
                .filter_map(|(_, wire)| wire.left.op())
                .collect()
        };
        self.pair_kinds(
            &rest(&self.old.outputs, &|n| outputs.iter().any(|(from, _)| *from == n)),
            &rest(&self.new.outputs, &|n| outputs.iter().any(|(_, to)| *to == n)),
        );
        // An operation comes before what reads it.
        for from in (0..self.old.ops.len()).rev() {
            let Some(to) = self.found[from] else { continue };
            let read = |op: &OpSketch| op.inputs.iter().filter_map(|wire| wire.left.op()).collect::<Vec<_>>();
            self.pair_kinds(&read(&self.old.ops[from]), &read(&self.new.ops[to]));
        }
    }

    /// What plays voices and is the only one of its kind that is left: better go on in another place than lose the notes.
    fn by_kind(&mut self) {
        for kind in ["midi_in", "sequencer"] {
            let of_kind = |op: &OpSketch| op.part == Part::Voices(kind);
            let all =
                |graph: &GraphSketch| (0..graph.ops.len()).filter(|n| of_kind(&graph.ops[*n])).collect();
            let (old, new): (Vec<usize>, Vec<usize>) = (all(self.old), all(self.new));
            self.pair_kinds(&old, &new);
        }
    }

    /// Pairs operations of these that are left, kind by kind, in order, where there are as many of a kind on both sides.
    fn pair_kinds(&mut self, from: &[usize], to: &[usize]) {
        let from: Vec<usize> = from.iter().copied().filter(|from| self.found[*from].is_none()).collect();
        let to: Vec<usize> = to.iter().copied().filter(|to| !self.taken[*to]).collect();
        for old in &from {
            let part = self.old.ops[*old].part;
            let same = |op: &OpSketch| op.part.continues(&part);
            let olds = from.iter().filter(|n| same(&self.old.ops[**n]));
            let mut news = to.iter().filter(|n| same(&self.new.ops[**n]));
            let place = olds.clone().position(|n| n == old);
            // Two ids mean two nodes.
            let apart = |new: usize| explicit(&self.old.ops[*old]) && explicit(&self.new.ops[new]);
            if olds.count() == news.clone().count()
                && let Some(new) = place.and_then(|place| news.nth(place))
                && !apart(*new)
                && self.fits(*old, *new)
            {
                self.pair(*old, *new);
            }
        }
    }
}

fn continues(old: &OpSketch, new: &OpSketch) -> bool {
    if !old.part.continues(&new.part) {
        return false;
    }
    // Crossfades between nodes know their pools by number.
    old.part != Part::Voices("automation")
        || old.pools.len() == new.pools.len() && pools(old, new).iter().all(Option::is_some)
}

/// What operations are with all that they read: equal numbers mean equal sounds.
fn prints_inside(graph: &GraphSketch, imports: Pairs, side: fn(&(usize, usize)) -> usize) -> Vec<u64> {
    // Whatever the other graph does not know is like nothing else.
    let alone = |op: usize| u64::MAX - 2 * op as u64 - side(&(0, 1)) as u64;
    prints(graph, &|op| imports.iter().position(|pair| side(pair) == op).map_or(alone(op), |n| n as u64))
}

fn prints(graph: &GraphSketch, import: &dyn Fn(usize) -> u64) -> Vec<u64> {
    // Loops are read before they are written: they are looked at twice.
    let mut lines: HashMap<usize, u64> = HashMap::new();
    let mut prints = vec![];
    for _ in 0..2 {
        prints.clear();
        for (index, op) in graph.ops.iter().enumerate() {
            let mut hasher = DefaultHasher::new();
            match op.part {
                Part::Import { .. } => import(index).hash(&mut hasher),
                Part::Read(line, late) => (late, lines.get(&line)).hash(&mut hasher),
                Part::Write(_, late) => (late, "write").hash(&mut hasher),
                Part::Kernel(kind) | Part::Voices(kind) => kind.hash(&mut hasher),
            }
            op.key.hash(&mut hasher);
            let values = op.inputs.iter().flat_map(|wire| [wire.left, wire.right]);
            let values: Vec<u64> = values.map(|value| print(value, &prints)).collect();
            values.hash(&mut hasher);
            for pool in &op.pools {
                let around = |import: usize| match pool.graph().ops[import].part {
                    Part::Import { index, channel } => values.get(2 * index + channel).copied().unwrap_or(0),
                    _ => 0,
                };
                let inner = self::prints(pool.graph(), &around);
                let outputs = pool.graph().outputs.iter().flat_map(|wire| [wire.left, wire.right]);
                outputs.for_each(|value| print(value, &inner).hash(&mut hasher));
            }
            prints.push(hasher.finish());
        }
        for (op, print) in graph.ops.iter().zip(&prints) {
            if let Part::Write(line, _) = op.part {
                lines.insert(line, *print);
            }
        }
    }
    prints
}

fn print(value: Value, prints: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Const(x) => (0, x.to_bits()).hash(&mut hasher),
        Value::Slot(slot) => (1, u64::from(slot)).hash(&mut hasher),
        Value::Op(op, channel) => (2 + u64::from(channel), prints.get(op)).hash(&mut hasher),
    }
    hasher.finish()
}
