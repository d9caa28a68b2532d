//! Sequencer steps: rests, calls such as `kick v0.5`, several of them at once, and nodes written inside a step.

use std::sync::Arc;

use super::value::shorten;
use super::{Lower, Reported};
use crate::language::expr::Places;
use crate::language::model::{Call, Span, Target, Value};
use crate::language::scalar::is_null;
use crate::language::tree::{Kind, Scalar, Tree};

impl Lower<'_> {
    pub(super) fn steps(&mut self, items: &[Arc<Tree>], path: &str) -> Result<Value, Reported> {
        let mut steps = vec![];
        let mut failed = false;
        for (i, item) in items.iter().enumerate() {
            let mut calls = vec![];
            failed |= self.step(item, &format!("{path}.{i}"), &mut calls, true).is_err();
            steps.push(calls);
        }
        if failed { Err(Reported) } else { Ok(Value::Steps(steps)) }
    }

    /// Steps that are no list: one for all.
    pub(super) fn one_step(&mut self, tree: &Tree, path: &str) -> Result<Value, Reported> {
        let mut calls = vec![];
        self.step(tree, &format!("{path}.0"), &mut calls, true)?;
        Ok(Value::Steps(vec![calls]))
    }

    /// Adds the calls of one step, or of one part of a step that is a list.
    fn step(&mut self, tree: &Tree, path: &str, calls: &mut Vec<Call>, outer: bool) -> Result<(), Reported> {
        if let Some(reported) = self.unreadable(tree) {
            return Err(reported);
        }
        match &tree.kind {
            _ if is_null(tree) => Ok(()),
            Kind::Scalar(s) => self.calls(s, tree.span, calls),
            Kind::Map(entries) => {
                let node = self.node(entries, tree.span, &format!("{path}.{}", calls.len()))?;
                calls.push(Call { target: Target::Inline(Box::new(node)), params: vec![], span: tree.span });
                Ok(())
            }
            Kind::List(parts) if outer => {
                let mut failed = false;
                for part in parts {
                    failed |= self.step(part, path, calls, false).is_err();
                }
                if failed { Err(Reported) } else { Ok(()) }
            }
            _ => {
                let hint = "list what starts together as [kick, hihat v0.5]";
                Err(self.error("step-form", tree.span, "a step cannot hold lists within a list", hint))
            }
        }
    }

    /// Calls separated by commas.
    fn calls(&mut self, scalar: &Scalar, span: Span, calls: &mut Vec<Call>) -> Result<(), Reported> {
        let library = self.library;
        let source = library.files.get(span.file as usize).map_or("", |f| &*f.text);
        let places = Places::new(source, span, &scalar.text, scalar.style);
        let mut failed = false;
        let mut start = 0;
        for part in scalar.text.split(',') {
            match self.call(part, start, &places) {
                Ok(Some(call)) => calls.push(call),
                Ok(None) => {}
                Err(Reported) => failed = true,
            }
            start += part.len() + 1;
        }
        if failed { Err(Reported) } else { Ok(()) }
    }

    /// One call: a sound's name, then `nameVALUE` for each parameter. `start`: where the part begins in the scalar's value.
    fn call(&mut self, part: &str, start: usize, places: &Places) -> Result<Option<Call>, Reported> {
        let place = |word: &str| {
            let at = start + (word.as_ptr() as usize - part.as_ptr() as usize);
            places.span(at, at + word.len())
        };
        let mut words = part.split_whitespace();
        let Some(name) = words.next() else { return Ok(None) };
        let mut failed = false;
        let mut params: Vec<(String, f64)> = vec![];
        let mut span = place(name);
        for word in words {
            let here = place(word);
            span.end = span.end.max(here.end);
            match parameter(word) {
                Some((key, value)) => {
                    params.retain(|(k, _)| k != key);
                    params.push((key.to_string(), value));
                }
                None => {
                    let message = format!("`{}` is no parameter of a step", shorten(word));
                    let hint = "write a name of letters directly followed by a number: `v0.5`, `pitch330`";
                    self.error("step-parameter", here, message, hint);
                    failed = true;
                }
            }
        }
        if let Some(sound) = self.library.find(name, span.file) {
            self.used.insert(sound);
        } else {
            let library = self.library;
            let hint = self.suggest(name, library.sound_names(), "a step names a sound of the library");
            self.error("unknown-sound", place(name), format!("there is no sound `{}`", shorten(name)), hint);
            failed = true;
        }
        if failed {
            Err(Reported)
        } else {
            Ok(Some(Call { target: Target::Sound(name.into()), params, span }))
        }
    }
}

/// `v0.5`, `v.1`, `c10`, `v-2.5`: letters and underscores, then a number without exponent.
fn parameter(word: &str) -> Option<(&str, f64)> {
    let split = word.find(|c: char| !c.is_ascii_alphabetic() && c != '_')?;
    let (name, number) = word.split_at(split);
    let body = number.strip_prefix(['+', '-']).unwrap_or(number);
    let plain = body.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = number.parse().ok().filter(|v: &f64| plain && v.is_finite())?;
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn steps_read_names_followed_by_numbers() {
        assert_eq!(parameter("v.1"), Some(("v", 0.1)));
        assert_eq!(parameter("c10"), Some(("c", 10.0)));
        assert_eq!(parameter("v-2.5"), Some(("v", -2.5)));
        assert_eq!(parameter("my_tune+44."), Some(("my_tune", 44.0)));
        for bad in ["v", "10", "v1e3", "v=1", "p1x", "v1.2.3", "v-", "vinf", "", "é1"] {
            assert_eq!(parameter(bad), None, "{bad}");
        }
    }
}
