//! The check of a whole library: every sound is expanded once, and so is every call of a step with parameters.

use std::collections::HashSet;

use super::Library;
use super::diagnostic::Diagnostic;
use super::limits::{CHECKED_NODES, FINDINGS};
use super::lint::Names;
use super::lower::Lower;
use super::model::{Call, Node, Target, Value};

/// `None` if `stop` said so between two sounds.
pub(super) fn check(
    library: &Library,
    stop: &mut dyn FnMut() -> bool,
) -> Option<(Vec<Diagnostic>, HashSet<String>)> {
    let mut findings = library.diagnostics.clone();
    let mut lower = Lower::new(library);
    let mut made = 0;
    let mut called: HashSet<String> = HashSet::new();
    let mut parts: HashSet<usize> = HashSet::new();
    let mut names = Names::default();
    let mut tidied = 0;
    for index in 0..library.sounds.len() {
        if stop() {
            return None;
        }
        let root = lower.sound(index, &[], None);
        made += lower.made();
        parts.extend(lower.used.drain().filter(|used| *used != index));
        if root.is_err() {
            names.broken();
        }
        if let Ok(root) = root {
            names.add(&root);
            let mut calls = vec![];
            calls_of(&root, &mut calls);
            for (name, call) in calls {
                let key = format!("{name} {:?}", call.params);
                let Some(target) = library.find(name, u32::MAX).filter(|_| called.insert(key)) else {
                    continue;
                };
                // Errors of the called sound itself are found when it is checked; here only its parameters count.
                let before = lower.diagnostics.len();
                let own = lower.sound(target, &[], None).is_ok();
                lower.diagnostics.truncate(before);
                if own {
                    made += lower.made();
                    let _ = lower.sound(target, &call.params, Some(call.span));
                }
                made += lower.made();
            }
        }
        // Doubles come from sounds that are used by others; what was found before need not be looked at each time.
        if lower.diagnostics.len() > 2 * tidied {
            tidy(&mut lower.diagnostics);
            tidied = lower.diagnostics.len().max(100);
        }
        if made > CHECKED_NODES || lower.diagnostics.len() > FINDINGS {
            break;
        }
    }
    findings.append(&mut lower.diagnostics);
    findings.extend(names.findings(library));
    tidy(&mut findings);
    findings.sort_by_key(|d| d.span.map(|s| (s.file, s.start)));
    if made > CHECKED_NODES {
        let message = format!(
            "the sounds of this library have more than {CHECKED_NODES} nodes: the rest was not checked"
        );
        findings.push(Diagnostic::general("too-large", message).hint("use fewer sub-patches"));
    }
    if findings.len() > FINDINGS {
        findings.truncate(FINDINGS);
        let message = format!("there are more than {FINDINGS} findings: the rest is not shown");
        findings.push(Diagnostic::general("too-many", message).hint("begin with the first one"));
    }
    let name = |index: usize| library.sounds[index].name.to_string();
    Some((findings, parts.into_iter().map(name).collect()))
}

/// Every finding once; what could not be read has been reported as such.
fn tidy(findings: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    findings.retain(|d| !d.repeats() && seen.insert((d.span, d.code, d.message.clone())));
}

/// All calls with parameters in a tree.
fn calls_of<'n>(node: &'n Node, calls: &mut Vec<(&'n str, &'n Call)>) {
    for param in &node.params {
        calls_in(&param.value, calls);
    }
}

fn calls_in<'n>(value: &'n Value, calls: &mut Vec<(&'n str, &'n Call)>) {
    match value {
        Value::Node(node) => calls_of(node, calls),
        Value::List(items) => items.iter().for_each(|(v, _)| calls_in(v, calls)),
        Value::Steps(steps) => {
            for call in steps.iter().flatten() {
                match &call.target {
                    Target::Inline(node) => calls_of(node, calls),
                    Target::Sound(name) if !call.params.is_empty() => calls.push((name, call)),
                    Target::Sound(_) => {}
                }
            }
        }
        _ => {}
    }
}
