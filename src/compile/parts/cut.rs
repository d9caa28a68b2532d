//! Which operation belongs to which part. An operation belongs to the strips that need it on their way to their fader or sends; what
//! the same strips need is one part. Whatever shares memory or goes round in a loop stays together. Loader thread.

use std::collections::{BTreeMap, HashMap};

use crate::compile::loops::groups;
use crate::compile::plan::{Ends, Op, Plan, Round, Value, What, Wire};
use crate::compile::program::Strip;

use super::{Feed, Signal};

/// Numbers of strips, as bits.
type Strips = Vec<u64>;

/// A part as a plan of its own: what comes over cables are its imports, what goes out its outputs.
pub struct Piece {
    pub plan: Plan,
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    strips: Strips,
}

pub struct Pieces {
    pub parts: Vec<Piece>,
    /// The outputs of the whole.
    pub outputs: Vec<Signal>,
}

/// Cuts a plan whose outputs are those of the strips, then stems of the strips in `stems`.
pub fn cut(plan: Plan, strips: &[Strip], stems: &[usize], whole: bool) -> Pieces {
    let labels = labels(&plan, strips, stems, whole);
    let (part_of, members) = parts(&plan, &labels);
    let mut cables: BTreeMap<(usize, u8), usize> = BTreeMap::new();
    let mut cable = |value: Value| match value {
        Value::Op(op, channel) => {
            let next = cables.len();
            Some(*cables.entry((op, channel)).or_insert(next))
        }
        _ => None,
    };
    // Cables, by where they come from; and per part those that it reads.
    let mut reads: Vec<Vec<(usize, (usize, u8))>> = vec![vec![]; members.len()];
    for (index, op) in plan.ops.iter().enumerate() {
        for value in op.inputs.iter().flat_map(|wire| [wire.left, wire.right]) {
            let Value::Op(from, channel) = value else { continue };
            if part_of[from] == part_of[index] {
                continue;
            }
            let Some(number) = cable(value) else { continue };
            let known = &mut reads[part_of[index]];
            if !known.iter().any(|(known, _)| *known == number) {
                known.push((number, (from, channel)));
            }
        }
    }
    let feed = |value: Value, cable: &mut dyn FnMut(Value) -> Option<usize>| match (cable(value), value) {
        (Some(cable), _) => Feed::Cable(cable),
        (None, Value::Const(x)) => Feed::Number(x as f32),
        (None, _) => Feed::Number(0.0),
    };
    let outputs = plan.outputs.iter().map(|wire| [feed(wire.left, &mut cable), feed(wire.right, &mut cable)]);
    let outputs: Vec<Signal> = outputs.collect();
    let mut writes: Vec<Vec<(usize, (usize, u8))>> = vec![vec![]; members.len()];
    for (from, number) in &cables {
        writes[part_of[from.0]].push((*number, *from));
    }
    writes.iter_mut().for_each(|all| all.sort_unstable());
    let mut ops: Vec<Option<Op>> = plan.ops.iter().cloned().map(Some).collect();
    let mut parts = vec![];
    for ((own, reads), writes) in members.iter().zip(reads).zip(writes) {
        let strips = own.iter().fold(vec![], |all, op| union(all, &labels[*op]));
        let numbers = |all: &[(usize, (usize, u8))]| all.iter().map(|(number, _)| *number).collect();
        let (reads_of, writes_of) = (numbers(&reads), numbers(&writes));
        let plan = alone(&plan, own, &mut ops, &reads, &writes);
        parts.push(Piece { plan, reads: reads_of, writes: writes_of, strips });
    }
    Pieces { parts, outputs }
}

/// For each operation of a whole program's plan, the part to which it would go; empty where all is better rendered together: there is
/// but one part, or notes for the host come from it, which are put in order as they come.
pub fn part_of(plan: &Plan, strips: &[Strip]) -> Vec<u32> {
    if plan.sends() {
        return vec![];
    }
    let (part_of, members) = parts(plan, &labels(plan, strips, &[], false));
    match members.len() {
        0 | 1 => vec![],
        _ => part_of.into_iter().map(|part| part as u32).collect(),
    }
}

/// The plan of a part.
fn alone(
    whole: &Plan,
    own: &[usize],
    ops: &mut [Option<Op>],
    reads: &[(usize, (usize, u8))],
    writes: &[(usize, (usize, u8))],
) -> Plan {
    let imports = reads.len();
    let mut plan = Plan { slots: whole.slots.clone(), ..Plan::default() };
    let mut place: HashMap<(usize, u8), Value> = HashMap::new();
    for (index, (_, from)) in reads.iter().enumerate() {
        plan.push(Op::new(What::Import { index, channel: 0 }, vec![], 1, Ends::Never, String::new()));
        place.insert(*from, Value::Op(index, 0));
    }
    let local: HashMap<usize, usize> = own.iter().enumerate().map(|(n, op)| (*op, imports + n)).collect();
    let value = |value: Value| match value {
        Value::Op(op, channel) => match local.get(&op) {
            Some(op) => Value::Op(*op, channel),
            None => place.get(&(op, channel)).copied().unwrap_or(Value::Const(0.0)),
        },
        other => other,
    };
    let mut lines = vec![];
    for index in own {
        let Some(mut op) = ops[*index].take() else { continue };
        for wire in &mut op.inputs {
            *wire = Wire { left: value(wire.left), right: value(wire.right) };
        }
        if let What::FeedbackRead { line } | What::FeedbackWrite { line } = &mut op.what {
            *line = lines.iter().position(|known| known == line).unwrap_or_else(|| {
                lines.push(*line);
                lines.len() - 1
            });
        }
        plan.push(op);
    }
    plan.lines = lines.iter().map(|line| whole.lines[*line]).collect();
    let within = |round: &&Round| local.contains_key(&round.ops.start);
    let moved = |round: &Round| {
        let first = local[&round.ops.start];
        Round { ops: first..first + round.ops.len(), grain: round.grain }
    };
    plan.rounds = whole.rounds.iter().filter(within).map(moved).collect();
    plan.outputs =
        writes.iter().map(|(_, (op, channel))| Wire::mono(value(Value::Op(*op, *channel)))).collect();
    // Memories keep their numbers; those of other parts are as short as can be.
    plan.memories.clone_from(&whole.memories);
    let mut used = vec![false; whole.memories.len()];
    plan.ops.iter().for_each(|op| memories(op, &mut |memory| used[memory] = true));
    for (memory, used) in plan.memories.iter_mut().zip(used) {
        if !used {
            (memory.seconds, memory.channels, memory.file) = (Some((0.0, memory.reader)), 1, None);
        }
    }
    plan
}

/// The memories of the outermost graph that an operation has, also in its voices.
fn memories(op: &Op, each: &mut dyn FnMut(usize)) {
    match &op.what {
        What::Node(recipe) => {
            if let Some((0, memory)) = recipe.memory {
                each(memory);
            }
        }
        What::Voices(voices) => {
            let plans = voices.pools.iter().map(|pool| &pool.main.plan);
            plans.flat_map(|plan| &plan.ops).for_each(|op| memories(op, each));
        }
        _ => {}
    }
}

/// The strips that need each operation.
fn labels(plan: &Plan, strips: &[Strip], stems: &[usize], whole: bool) -> Vec<Strips> {
    let words = strips.len() / 64 + 1;
    let bit = |strip: usize| {
        let mut bits = vec![0u64; words];
        let strip = if whole { 0 } else { strip };
        bits[strip / 64] |= 1 << (strip % 64);
        bits
    };
    // What no strip needs, and yet acts, belongs to the one behind all of them.
    let rest = strips.len();
    let mut labels: Vec<Strips> = vec![vec![0; words]; plan.ops.len()];
    let ends = (0..strips.len()).chain(stems.iter().copied());
    for (wire, strip) in plan.outputs.iter().zip(ends) {
        for op in wire.ops() {
            labels[op] = union(std::mem::take(&mut labels[op]), &bit(strip));
        }
    }
    for index in (0..plan.ops.len()).rev() {
        let op = &plan.ops[index];
        if let What::Node(recipe) = &op.what
            && let Some(place) = recipe.strip
        {
            labels[index] = bit(place.number);
        }
        if labels[index].iter().all(|word| *word == 0) {
            labels[index] = bit(rest);
        }
        let label = labels[index].clone();
        for from in op.inputs.iter().flat_map(Wire::ops) {
            labels[from] = union(std::mem::take(&mut labels[from]), &label);
        }
    }
    labels
}

fn union(mut all: Strips, more: &Strips) -> Strips {
    all.resize(all.len().max(more.len()), 0);
    all.iter_mut().zip(more).for_each(|(a, b)| *a |= b);
    all
}

/// The part of each operation, and the operations of each part, in an order in which nothing reads what comes later.
fn parts(plan: &Plan, labels: &[Strips]) -> (Vec<usize>, Vec<Vec<usize>>) {
    // First guess: what has the same label. Then what cannot be apart becomes one.
    let mut known: HashMap<&Strips, usize> = HashMap::new();
    let mut group: Vec<usize> = vec![];
    for label in labels {
        let next = known.len();
        group.push(*known.entry(label).or_insert(next));
    }
    let count = known.len();
    let mut needs = vec![vec![]; count];
    let together = |needs: &mut Vec<Vec<usize>>, a: usize, b: usize| {
        if a != b {
            needs[a].push(b);
            needs[b].push(a);
        }
    };
    let (mut lines, mut tapes) = (HashMap::new(), HashMap::new());
    for (index, op) in plan.ops.iter().enumerate() {
        let own = group[index];
        if let What::FeedbackRead { line } | What::FeedbackWrite { line } = op.what {
            let first = *lines.entry(line).or_insert(own);
            together(&mut needs, first, own);
        }
        memories(op, &mut |memory| {
            let first = *tapes.entry(memory).or_insert(own);
            together(&mut needs, first, own);
        });
        for from in op.inputs.iter().flat_map(Wire::ops).filter(|from| group[*from] != own) {
            needs[own].push(group[from]);
        }
    }
    let merged = groups(&needs);
    let mut number = vec![0; count];
    for (part, groups) in merged.iter().enumerate() {
        groups.iter().for_each(|group| number[*group] = part);
    }
    let part_of: Vec<usize> = group.into_iter().map(|group| number[group]).collect();
    let mut members = vec![vec![]; merged.len()];
    part_of.iter().enumerate().for_each(|(op, part)| members[*part].push(op));
    (part_of, members)
}

impl Piece {
    fn numbers(&self) -> impl Iterator<Item = usize> {
        let bits = self.strips.iter().enumerate();
        bits.flat_map(|(word, bits)| (0..64).filter(move |b| bits >> b & 1 != 0).map(move |b| word * 64 + b))
    }

    /// Names of the strips that need it.
    pub fn name(&self, strips: &[Strip]) -> String {
        let names: Vec<&str> =
            self.numbers().map(|n| strips.get(n).map_or("the rest", |strip| strip.name.as_str())).collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            [only] => (*only).to_owned(),
            [all @ .., last] if all.len() < 4 => format!("{} and {last}", all.join(", ")),
            [first, ..] => format!("{first} and {} others", names.len() - 1),
        }
    }

    /// The strip, where it is only one.
    pub fn strip(&self, strips: usize) -> Option<usize> {
        let mut numbers = self.numbers();
        numbers.next().filter(|n| *n < strips && numbers.next().is_none())
    }
}
