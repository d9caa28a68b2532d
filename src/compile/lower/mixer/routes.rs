//! Where the tracks and buses of a mixer go, as it is written: outputs, groups, and the order of the buses. Loader thread.

use crate::compile::program::Output;
use crate::compile::written::{flag, written};
use crate::language::model::{Node, Param, Span, Value};
use crate::language::{Diagnostic, nearest};

use super::super::{Failed, Result};

/// Outputs beside the main one.
const OUTPUTS: usize = 16;

/// Where a strip's output goes.
#[derive(Clone, Copy, PartialEq)]
pub enum Route {
    Out(Output),
    Bus(usize),
}

/// The value that is written for a parameter; null where none is.
pub fn value_of(node: &Node, name: &str) -> Value {
    written(node, name).map_or(Value::Null, |param| param.value.clone())
}

pub fn is_set(node: &Node, name: &str) -> bool {
    flag(node, name) == Some(true)
}

/// What stands in a map of names.
pub fn parts<'n>(node: &'n Node, name: &str) -> &'n [Param] {
    match written(node, name).map(|param| &param.value) {
        Some(Value::Map(parts)) => parts,
        _ => &[],
    }
}

pub fn node_of(part: &Param) -> Option<&Node> {
    if let Value::Node(node) = &part.value { Some(node) } else { None }
}

/// Where a track or bus goes, and whether the buses that it is sent to are there.
pub fn route(node: &Node, buses: &[&str]) -> Result<Route> {
    let unknown = |name: &str, span: Span| {
        let hint = match nearest(name, buses.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "buses stand below `buses:`, beside `tracks:`".to_owned(),
        };
        Diagnostic::error("unknown-bus", span, format!("there is no bus `{name}`")).hint(hint)
    };
    let lost = parts(node, "sends").iter().filter(|send| !buses.contains(&send.name.as_str()));
    let faults: Vec<Diagnostic> = lost.map(|send| unknown(&send.name, send.key_span)).collect();
    if !faults.is_empty() {
        return Err(Failed(faults));
    }
    let Some(Param { value: Value::Text(out), span, .. }) = written(node, "out") else {
        return Ok(Route::Out(Output::Main));
    };
    let out = out.trim();
    match (out, out.parse::<usize>()) {
        ("main", _) => Ok(Route::Out(Output::Main)),
        (_, Ok(number)) if (1..=OUTPUTS).contains(&number) => Ok(Route::Out(Output::Aux(number as u8 - 1))),
        (_, Ok(_)) => {
            let message = format!("there is no output {out}");
            let error = Diagnostic::error("unknown-output", *span, message);
            Err(error.hint(format!("write `main`, 1 to {OUTPUTS}, or the name of a bus")).into())
        }
        _ => match buses.iter().position(|bus| *bus == out) {
            Some(bus) => Ok(Route::Bus(bus)),
            None => Err(unknown(out, *span).into()),
        },
    }
}

/// By bus: those that it feeds, each with where that is written.
type Feeds = Vec<Vec<(usize, Span)>>;

fn feeds(buses: &[Param], names: &[&str]) -> Result<Feeds> {
    let mut feeds: Feeds = vec![];
    for bus in buses {
        let Some(node) = node_of(bus) else { continue };
        let place = |name: &str| names.iter().position(|n| *n == name);
        let sends = parts(node, "sends").iter().filter_map(|s| Some((place(&s.name)?, s.key_span)));
        let mut to: Vec<(usize, Span)> = sends.collect();
        if let Route::Bus(out) = route(node, names)? {
            to.push((out, written(node, "out").map_or(node.span, |out| out.span)));
        }
        feeds.push(to);
    }
    Ok(feeds)
}

/// The buses that do not lead to this one.
pub fn beyond<'n>(bus: usize, buses: &[Param], names: &[&'n str]) -> Result<Vec<&'n str>> {
    let feeds = feeds(buses, names)?;
    let mut leads = vec![bus];
    while let Some(more) = (0..feeds.len())
        .find(|from| !leads.contains(from) && feeds[*from].iter().any(|(to, _)| leads.contains(to)))
    {
        leads.push(more);
    }
    Ok(names.iter().enumerate().filter(|(n, _)| !leads.contains(n)).map(|(_, name)| *name).collect())
}

/// The buses in an order in which each comes after those that feed it.
pub fn bus_order(buses: &[Param], names: &[&str]) -> Result<Vec<usize>> {
    let feeds = feeds(buses, names)?;
    let mut order = vec![];
    while order.len() < feeds.len() {
        let fed = |bus: usize| {
            (0..feeds.len()).any(|n| !order.contains(&n) && feeds[n].iter().any(|(to, _)| *to == bus))
        };
        let Some(next) = (0..feeds.len()).find(|n| !order.contains(n) && !fed(*n)) else {
            return Err(loop_of(&feeds, &order, names).into());
        };
        order.push(next);
    }
    Ok(order)
}

/// The error for buses that feed each other.
fn loop_of(feeds: &[Vec<(usize, Span)>], order: &[usize], names: &[&str]) -> Diagnostic {
    // From any bus that is left, backwards: after as many steps as there are buses, it is on a loop.
    let from = |bus: usize| {
        (0..feeds.len()).find(|n| !order.contains(n) && feeds[*n].iter().any(|(to, _)| *to == bus))
    };
    let mut at = (0..feeds.len()).find(|n| !order.contains(n)).unwrap_or(0);
    for _ in 0..feeds.len() {
        at = from(at).unwrap_or(at);
    }
    let (first, mut round) = (at, vec![at]);
    while let Some(before) = from(at).filter(|before| *before != first) {
        round.push(before);
        at = before;
    }
    round.push(first);
    round.reverse();
    let text: Vec<String> = round.iter().map(|bus| format!("`{}`", names[*bus])).collect();
    let span = feeds[first]
        .iter()
        .find(|(to, _)| Some(to) == round.get(1))
        .or(feeds[first].first())
        .map(|(_, s)| *s);
    let message = format!("these buses feed each other: {}", text.join(" → "));
    Diagnostic { span, ..Diagnostic::general("bus-loop", message) }
        .hint("remove one of these sends; a `delay` can feed itself")
}
