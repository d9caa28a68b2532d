//! What is written for the declared parameters of a node, as fixed values. Loader thread.

use crate::language::model::{Node, Param, Value};

/// A declared parameter.
pub(super) fn written<'n>(node: &'n Node, name: &str) -> Option<&'n Param> {
    node.params.iter().find(|param| param.declared.is_some() && param.name == name)
}

/// A fixed number.
pub(super) fn number(node: &Node, name: &str) -> Option<f64> {
    match written(node, name)?.value {
        Value::Number(x) => Some(x),
        _ => None,
    }
}

pub(super) fn flag(node: &Node, name: &str) -> Option<bool> {
    match written(node, name)?.value {
        Value::Flag(on) => Some(on),
        _ => None,
    }
}

/// One of the words of a choice; empty if none is written.
pub(super) fn word(node: &Node, name: &str) -> &'static str {
    match written(node, name).map(|param| &param.value) {
        Some(Value::Word(word)) => word,
        _ => "",
    }
}

/// A text with something in it.
pub(super) fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    match &written(node, name)?.value {
        Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// The entries of a table.
pub(super) fn entries<'n>(node: &'n Node, name: &str) -> Vec<&'n Node> {
    match written(node, name).map(|param| &param.value) {
        Some(Value::List(all)) => all
            .iter()
            .filter_map(|(value, _)| if let Value::Node(node) = value { Some(&**node) } else { None })
            .collect(),
        _ => vec![],
    }
}
