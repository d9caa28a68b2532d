//! What becomes of a sound's nodes when its text is replaced, in numbers and names for people. Loader thread; decides nothing.

use std::collections::BTreeMap;

use super::matching::{matches, pools};
use crate::compile::plan::Value;
use crate::compile::sketch::{GraphSketch, OpSketch, Part, same_value};

/// Most nodes that are named.
const NAMED: usize = 20;

/// Nodes of the old and the new sound by what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Nodes that go on untouched.
    pub carried: usize,
    /// Nodes that go on in another way.
    pub changed: usize,
    pub new: usize,
    pub leaving: usize,
    /// Those of the last three kinds, at most 20.
    pub names: Vec<String>,
}

const STRIP: Part = Part::Kernel("strip");

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Carried,
    Changed,
    New,
    Leaving,
}

impl Summary {
    /// `12 nodes go on, 1 changed, 2 new: lead.filter, …`.
    pub fn to_text(&self) -> String {
        let nodes = |n: usize| if n == 1 { "1 node goes on".into() } else { format!("{n} nodes go on") };
        let counts = [(self.changed, "changed"), (self.new, "new"), (self.leaving, "gone")];
        let told = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}"));
        let text = nodes(self.carried) + &told.collect::<String>();
        if self.names.is_empty() { text } else { format!("{text}: {}", self.names.join(", ")) }
    }
}

/// Compares a sound with the one that it replaces.
pub fn summary(old: &GraphSketch, new: &GraphSketch, successor: &[Option<usize>]) -> Summary {
    let mut fates = BTreeMap::new();
    compare(old, new, successor, &mut fates);
    let count = |fate: Fate| fates.values().filter(|f| **f == fate).count();
    let named = fates.iter().filter(|(_, fate)| **fate != Fate::Carried).map(|(id, _)| (*id).to_owned());
    Summary {
        carried: count(Fate::Carried),
        changed: count(Fate::Changed),
        new: count(Fate::New),
        leaving: count(Fate::Leaving),
        names: named.take(NAMED).collect(),
    }
}

/// A node is several operations: it is as they are where they agree, else it has changed. Strips, which nobody need have written, are told
/// only where they themselves have changed.
fn compare<'a>(
    old: &'a GraphSketch,
    new: &'a GraphSketch,
    successor: &[Option<usize>],
    fates: &mut BTreeMap<&'a str, Fate>,
) {
    let mut note = |op: &'a OpSketch, fate: Fate| {
        let strip = op.part == STRIP && fate != Fate::Changed;
        if !strip && !matches!(op.part, Part::Import { .. }) {
            let known = fates.entry(&op.id).or_insert(fate);
            if *known != fate {
                *known = Fate::Changed;
            }
        }
    };
    let mut born = vec![true; new.ops.len()];
    let mut within = vec![];
    for (op, to) in old.ops.iter().zip(successor) {
        let Some(to) = *to else {
            note(op, Fate::Leaving);
            continue;
        };
        born[to] = false;
        let after = &new.ops[to];
        let reads_alike = op.inputs.len() == after.inputs.len()
            && op
                .inputs
                .iter()
                .zip(&after.inputs)
                .skip(usize::from(op.part == STRIP))
                .all(|(a, b)| same(a.left, b.left, successor) && same(a.right, b.right, successor));
        // What plays voices has the nodes of its voices inside: those are told apart one by one.
        let itself_alike = if op.pools.is_empty() { op.is(after) } else { op.key == after.key };
        note(after, if itself_alike && reads_alike { Fate::Carried } else { Fate::Changed });
        let pairs = op.pools.iter().zip(pools(op, after));
        within.extend(pairs.filter_map(|(pool, to)| Some((pool, &after.pools[to?]))));
    }
    for (op, _) in new.ops.iter().zip(born).filter(|(_, born)| *born) {
        note(op, Fate::New);
    }
    for (from, to) in within {
        let successor = matches(from.graph(), to.graph(), &[], &[(0, 0)]);
        compare(from.graph(), to.graph(), &successor, fates);
    }
}

/// Whether two values are the same number, or come from the same place.
fn same(old: Value, new: Value, successor: &[Option<usize>]) -> bool {
    match (old, new) {
        // What is gone, or comes from around the graph, is told where it is.
        (Value::Op(from, side), Value::Op(to, other)) => {
            side == other && successor[from].is_none_or(|from| from == to)
        }
        _ => same_value(old, new),
    }
}

#[cfg(test)]
mod tests {
    use crate::quality::Quality;
    use std::sync::Mutex;

    use crate::compile::{Blueprint, Compiled, Request, compile_after};
    use crate::language::Library;

    fn compiled(text: &str, before: Option<&Blueprint>) -> Compiled {
        let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(vec![("a.yaml".into(), text)], &specs);
        let store = Mutex::default();
        let request = Request {
            library: &library,
            sound: "x",
            overrides: &[],
            rate: 48_000.0,
            quality: Quality::Normal,
            seed: 0,
            store: &store,
        };
        compile_after(&request, before).map_err(|faults| faults[0].message.clone()).unwrap()
    }

    /// What becomes of the nodes when the second text replaces the first.
    fn told(old: &str, new: &str) -> String {
        let before = compiled(old, None);
        assert_eq!(before.summary, None);
        compiled(new, Some(&before.blueprint)).summary.unwrap().to_text()
    }

    #[test]
    fn reload_summary_counts_and_names_what_becomes_of_the_nodes() {
        let mix = |tracks: &str| format!("x: {{mix: {{{tracks}}}}}\n");
        let old = mix("a: {osc: {id: low, freq: 50}}, b: {osc: {id: high, freq: 500}}");
        assert_eq!(told(&old, &old), "2 nodes go on");
        let changed = mix("a: {osc: {id: low, freq: 50}}, b: {osc: {id: high, freq: 600}}");
        assert_eq!(told(&old, &changed), "1 node goes on, 1 changed: high");
        let new = mix("a: {osc: {id: low, freq: 50}}, c: {noise: {id: hiss}}").replace("noise", "osc");
        assert_eq!(told(&old, &new), "1 node goes on, 1 new, 1 gone: high, hiss");
    }

    #[test]
    fn reload_summary_looks_into_voices() {
        let keys = |freq: &str| {
            format!(
                "x: {{midi_in: {{id: keys, voices: 4, signal: {{filter: {{id: soft, cutoff: {freq}, signal: {{osc: {{id: tone, freq: freq}}}}}}}}}}}}\n"
            )
        };
        let text = told(&keys("900"), &keys("901"));
        assert!(text.ends_with("1 changed: soft"), "{text}");
    }
}
