//! What may be typed at a place. Any thread.

use std::ops::Range;

use super::outline::{Outline, Spot};
use super::place::{Name, Place, Role, SETTINGS, known_names};
use super::{Candidate, Completion};
use crate::language::describe::describe;
use crate::language::schema::about_node;
use crate::language::source::floor_boundary;
use crate::language::vocabulary::{self, EVERYWHERE, FUNCTIONS};
use crate::spec::{COLORS, COMMON, Default, NodeSpec, ParamKind, ParamSpec};

/// Everything that may be typed at byte `offset` of a library's text, which may be broken. `sounds` are the names of sounds in the
/// library's other files.
pub fn complete(text: &str, offset: usize, specs: &[&'static NodeSpec], sounds: &[&str]) -> Completion {
    let offset = floor_boundary(text, offset);
    let place = Place { text, outline: Outline::read(text), specs, sounds };
    match place.outline.spot(text, offset) {
        Spot::Key { parent, range } => {
            let typed = range.start..offset.max(range.start);
            narrow(&place, typed, keys(&place, parent, &range))
        }
        Spot::Value { item, range } => value(&place, item, range.start..offset),
    }
}

/// Keeps what begins like the typed text, then what contains it.
fn narrow(place: &Place, typed: Range<usize>, all: Vec<Candidate>) -> Completion {
    let word = place.slice(&typed).to_lowercase();
    let rank = |c: &Candidate| {
        let label = c.label.to_lowercase();
        if label.starts_with(&word) { Some(0) } else { label.contains(&word).then_some(1) }
    };
    let mut ranked: Vec<(u8, Candidate)> = all.into_iter().filter_map(|c| Some((rank(&c)?, c))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut candidates: Vec<Candidate> = vec![];
    for (_, candidate) in ranked {
        if candidates.iter().all(|c| c.label != candidate.label) {
            candidates.push(candidate);
        }
    }
    Completion { replace: typed, candidates }
}

fn keys(place: &Place, parent: usize, range: &Range<usize>) -> Vec<Candidate> {
    let written = place.written(parent, range);
    let free = |name: &str| !written.contains(&name);
    let in_braces = place.outline.items[parent].open.is_some();
    match place.role(parent) {
        Role::File => {
            let setting = |(name, insert, help): &(&str, &str, &str)| Candidate {
                insert: insert.to_string(),
                label: name.to_string(),
                detail: "of the file".into(),
                help: help.to_string(),
            };
            SETTINGS.iter().filter(|(name, ..)| free(name)).map(setting).collect()
        }
        Role::Setting => vec![],
        Role::Node(spec) => parameters(spec, free),
        // What belongs to a name, or its first value, which may be a node.
        Role::Part(spec) => {
            let mut all = parameters(spec, free);
            if takes_nodes(spec.params[0].kind) && written.is_empty() {
                all.extend(nodes(place, |name| format!("{name}: {{}}")));
            }
            all
        }
        Role::Call(sound) => {
            let names = place.variables(sound).into_iter().filter(|n| free(n.name));
            names.map(|n| candidate(&n, format!("{}: ", n.name), n.name.to_string())).collect()
        }
        // A table of one entry.
        Role::Param(Some(ParamSpec { kind: ParamKind::Table(spec), .. })) => parameters(spec, free),
        Role::Param(Some(param)) if !takes_nodes(param.kind) => vec![],
        Role::Sound | Role::Param(_) => {
            let head = place.head(parent).filter(|i| place.outline.items[*i].key != *range);
            match head.and_then(|i| Some((i, place.spec(place.key(i))?))) {
                Some((head, spec)) => {
                    let inside = place.written(head, range);
                    parameters(spec, |name| free(name) && !inside.contains(&name))
                }
                None if in_braces => nodes(place, |name| format!("{name}: {{}}")),
                None => nodes(place, |name| format!("{name}:")),
            }
        }
    }
}

fn takes_nodes(kind: ParamKind) -> bool {
    matches!(
        kind,
        ParamKind::Signal(_)
            | ParamKind::Pair
            | ParamKind::Signals
            | ParamKind::Steps
            | ParamKind::Play
            | ParamKind::Chain
            | ParamKind::Sound
    )
}

/// Node kinds, then sounds.
fn nodes(place: &Place, insert: impl Fn(&str) -> String) -> Vec<Candidate> {
    let kind = |spec: &&'static NodeSpec| Candidate {
        insert: insert(spec.name),
        label: spec.name.into(),
        detail: "node".into(),
        help: about_node(spec),
    };
    let sound = |name: &&str| Candidate {
        insert: insert(name),
        label: name.to_string(),
        detail: "sound".into(),
        help: String::new(),
    };
    let sounds = place.sound_names();
    place.specs.iter().map(kind).chain(sounds.iter().map(sound)).collect()
}

/// The parameters of a node kind: those that must be written first, those of every node last.
fn parameters(spec: &'static NodeSpec, free: impl Fn(&str) -> bool) -> Vec<Candidate> {
    let needed = |p: &&ParamSpec| p.default == Default::Required;
    let own = spec.params.iter().filter(needed).chain(spec.params.iter().filter(|p| !needed(p)));
    let parameter = |p: &'static ParamSpec| Candidate {
        insert: format!("{}: ", p.name),
        label: p.name.into(),
        detail: format!("{}{}", p.kind.takes(), if needed(&p) { ", must be written" } else { "" }),
        help: describe(p),
    };
    own.chain(COMMON).filter(|p| free(p.name)).map(parameter).collect()
}

fn candidate(name: &Name, insert: String, label: String) -> Candidate {
    Candidate { insert, label, detail: name.detail.clone(), help: name.help.to_string() }
}

/// What may be typed as (part of) a value; `typed` begins where the value begins and ends at the cursor.
fn value(place: &Place, item: usize, typed: Range<usize>) -> Completion {
    let text = place.slice(&typed);
    let start = typed.end - text.trim_start().len();
    let whole = start..typed.end;
    let word = |word: &str, detail: &str, help: &str| Candidate {
        insert: word.into(),
        label: word.into(),
        detail: detail.into(),
        help: help.into(),
    };
    let param = match place.role(item) {
        Role::Param(param) => param,
        // The first value of an entry, alone.
        Role::Part(spec) => spec.params.first(),
        Role::Sound => return narrow(place, whole, nodes(place, |name| format!("{{{name}: {{}}}}"))),
        _ => return Completion { replace: whole, candidates: vec![] },
    };
    let Some(param) = param else { return expression(place, item, typed, vec![]) };
    let all = match param.kind {
        ParamKind::Choice(words) => words.iter().map(|c| word(c.word, "", c.help)).collect(),
        ParamKind::Color => COLORS.iter().map(|(name, color)| word(name, &color.to_string(), "")).collect(),
        ParamKind::Flag => vec![word("true", "", ""), word("false", "", "")],
        ParamKind::Scale => vocabulary::scale_names().map(|name| word(name, "scale", "")).collect(),
        ParamKind::Text if param.name == "ref" => {
            place.ids(item).iter().map(|id| candidate(id, id.name.into(), id.name.into())).collect()
        }
        ParamKind::Text if param.name == "monitor" => {
            ["true", "bipolar"].iter().map(|name| word(name, "", "")).collect()
        }
        ParamKind::Steps | ParamKind::Play => return step(place, typed),
        ParamKind::Time => {
            place.places(item).iter().map(|n| candidate(n, n.name.into(), n.name.into())).collect()
        }
        ParamKind::Sound => {
            let sounds = place.sound_names();
            let own = place.key(place.sound_of(item));
            let sounds = sounds.iter().filter(|name| **name != own).map(|name| word(name, "sound", ""));
            sounds.chain(nodes(place, |name| format!("{{{name}: {{}}}}"))).collect()
        }
        kind if takes_nodes(kind) || kind == ParamKind::Formula => {
            let first = takes_nodes(kind) && text.trim().chars().all(|c| c.is_alphanumeric() || c == '_');
            let inline = if first { nodes(place, |name| format!("{{{name}: {{}}}}")) } else { vec![] };
            return expression(place, item, typed, inline);
        }
        _ => vec![],
    };
    narrow(place, whole, all)
}

/// Names and functions at the end of an expression; `whole` could stand for all of it.
fn expression(place: &Place, item: usize, typed: Range<usize>, whole: Vec<Candidate>) -> Completion {
    let text = place.slice(&typed);
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let start = typed.end - text.chars().rev().take_while(|c| part(*c)).map(char::len_utf8).sum::<usize>();
    let ids = place.ids(item);
    let ids = ids.iter().map(|id| candidate(id, format!("${}", id.name), format!("${}", id.name)));
    if place.slice(&(start..typed.end)).starts_with('$') {
        return narrow(place, start..typed.end, ids.collect());
    }
    let plain = |n: &Name| candidate(n, n.name.into(), n.name.into());
    let mut all: Vec<Candidate> = place.names(item).iter().map(plain).collect();
    let needs_node = matches!(place.role(item), Role::Param(Some(p)) if p.name == "signal");
    if needs_node {
        all.splice(0..0, whole.iter().cloned());
    }
    all.extend(EVERYWHERE.iter().flat_map(|k| known_names(k, "")).map(|n| plain(&n)));
    all.extend(ids);
    all.extend(FUNCTIONS.iter().map(|f| Candidate {
        insert: format!("{}(", f.name),
        label: f.name.into(),
        detail: f.form.into(),
        help: f.help.into(),
    }));
    let fixed = vocabulary::CONSTANTS.iter().chain(vocabulary::INTERVALS);
    all.extend(fixed.map(|c| Candidate {
        insert: c.name.into(),
        label: c.name.into(),
        detail: vocabulary::constant(c.name).map_or(String::new(), |value| format!("{value:.5}")),
        help: c.help.into(),
    }));
    if !needs_node {
        all.extend(whole);
    }
    narrow(place, start..typed.end, all)
}

/// A sound, or a parameter behind it: `kick v0.5`.
fn step(place: &Place, typed: Range<usize>) -> Completion {
    let text = place.slice(&typed);
    let call = text.rsplit(',').next().unwrap_or("").trim_start_matches(['"', '\'', ' ']);
    let last = call.rsplit(' ').next().unwrap_or("");
    let replace = typed.end - last.len()..typed.end;
    let all = match call.split_once(' ') {
        None => {
            let sound = |name: &&str| Candidate {
                insert: name.to_string(),
                label: name.to_string(),
                detail: "sound".into(),
                help: String::new(),
            };
            place.sound_names().iter().map(sound).collect()
        }
        Some((sound, rest)) => {
            let given = |name: &str| {
                rest.split(' ').any(|word| {
                    word.trim_end_matches(|c: char| !c.is_alphabetic() && c != '_') == name && word != last
                })
            };
            let names = place.variables(sound).into_iter().filter(|n| !given(n.name));
            names.map(|n| candidate(&n, n.name.into(), n.name.into())).collect()
        }
    };
    narrow(place, replace, all)
}
