//! `clips`: the patterns of a track at their places, those of one instrument together. Loader thread.

use std::rc::Rc;

use crate::compile::plan::{Ends, What, Wire};
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Span, Value};
use crate::score::{Chances, Clip, Pattern, Timeline, prepare};

use super::super::song::{entries, flag, number, written};
use super::super::{Context, Lower, Result, children};
use super::STEP;

impl Lower<'_> {
    pub(in crate::compile::lower) fn clips(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        self.outermost(node)?;
        let line = self.line(cx);
        self.arrangement.line.get_or_insert(line.clone());
        let own = written(node, "instrument");
        let muted = flag(node, "mute").unwrap_or(false);
        // Patterns of one instrument play it together: an instrument is known by its place in the text.
        let mut groups: Vec<(&Param, &Node, Vec<(Rc<Pattern>, Node)>)> = vec![];
        let mut known: Vec<(String, Rc<Pattern>)> = vec![];
        for entry in entries(node, "clips") {
            let Some(Param { value: Value::Node(pattern), span, .. }) = written(entry, "pattern") else {
                continue;
            };
            if pattern.spec.name != "pattern" {
                let message = format!("a clip plays a `pattern`, not a `{}`", pattern.spec.name);
                return Err(Diagnostic::error("wrong-type", *span, message)
                    .hint("name a sound that is a `pattern`")
                    .into());
            }
            let instrument = match own {
                Some(own) => own,
                None => self.required(pattern, "instrument")?,
            };
            // The same text is the same pattern, where nothing was set from outside.
            let key = format!("{:?}", pattern.params.iter().map(|p| (&p.name, p.span)).collect::<Vec<_>>());
            let made = match known.iter().find(|(text, _)| *text == key) {
                Some((_, made)) => made.clone(),
                None => {
                    let made = Rc::new(self.pattern_of(pattern, &line)?);
                    known.push((key, made.clone()));
                    made
                }
            };
            let place = groups.iter().position(|(known, ..)| known.span == instrument.span);
            let place = place.unwrap_or_else(|| {
                groups.push((instrument, if own.is_some() { node } else { pattern }, vec![]));
                groups.len() - 1
            });
            groups[place].2.push((made, entry.clone()));
        }
        let mut ends: Vec<(Span, f64)> = vec![];
        let mut wires = vec![];
        let mut end = 0.0;
        for entry in entries(node, "clips") {
            let made = groups.iter().flat_map(|(.., all)| all).find(|(_, known)| known.path == entry.path);
            let Some((made, _)) = made else { continue };
            let start = self.place(entry, "start", 0.0, &line, STEP)?.unwrap_or(end);
            let (_, length) = self.window(entry, made, start, &line)?;
            end = start + length;
            ends.push((entry.span, start));
            self.arrangement.end = self.arrangement.end.max(end);
        }
        for (group, (instrument, owner, all)) in groups.iter().enumerate() {
            let mut clips = vec![];
            for (pattern, entry) in all {
                let start =
                    ends.iter().find(|(span, _)| *span == entry.span).map_or(0.0, |(_, start)| *start);
                let (offset, length) = self.window(entry, pattern, start, &line)?;
                let source =
                    written(entry, "pattern").and_then(|param| children(&param.value).into_iter().next());
                clips.push(Clip {
                    pattern,
                    start,
                    length,
                    offset,
                    looped: flag(entry, "loop").unwrap_or(true),
                    muted: muted
                        || flag(entry, "mute").unwrap_or(false)
                        || source.and_then(|source| flag(source, "mute")).unwrap_or(false),
                    transpose: number(entry, "transpose").unwrap_or(0.0) as i32,
                    velocity: number(entry, "velocity").unwrap_or(1.0) as f32,
                    seed: self.seed(source.unwrap_or(entry), &node.path),
                });
            }
            self.count_notes(&clips, node.span)?;
            let stamps = cx.song.is_some().then_some((&*line, self.request.rate));
            let arrays = prepare(&clips, Chances::Drawn, stamps);
            let mut owner = (*owner).clone();
            owner.path = match group {
                0 => node.path.clone(),
                _ => format!("{}.{group}", node.path),
            };
            wires.push(self.instrument(&owner, instrument, arrays, cx)?);
        }
        let channels = 1 + usize::from(wires.iter().any(Wire::is_stereo));
        Ok(match wires[..] {
            [only] => only,
            _ => self.push(What::Sum, wires, channels, Ends::Never, format!("{}.sum", node.path)),
        })
    }

    /// Where in its pattern a clip begins, and how long it is.
    fn window(&self, entry: &Node, pattern: &Pattern, start: f64, line: &Timeline) -> Result<(f64, f64)> {
        let offset = self.place(entry, "offset", 0.0, line, STEP)?.unwrap_or(0.0);
        let rest = if offset < pattern.length { pattern.length - offset } else { pattern.length };
        let length = self.place(entry, "length", start, line, STEP)?;
        Ok((offset, length.unwrap_or(rest)))
    }
}
