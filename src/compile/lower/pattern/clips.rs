//! `clips`: the patterns of a track at their places, those of one instrument together, beside recordings. Loader thread.

use std::rc::Rc;
use std::sync::Arc;

use crate::compile::plan::{Ends, What, Wire};
use crate::compile::written::{entries, flag, number, written};
use crate::kernel::recordings::Take;
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Value};
use crate::score::{Chances, Clip, Pattern, Timeline, prepare};

use super::super::{Context, Lower, Result};
use super::STEP;
use super::recordings::said;

/// A clip at its place, in beats.
struct Placed<'n> {
    entry: &'n Node,
    /// The `pattern` as it is written, and what it says.
    source: &'n Node,
    pattern: Rc<Pattern>,
    start: f64,
    length: f64,
    offset: f64,
}

/// Clips that play one instrument.
struct Group<'n> {
    instrument: &'n Param,
    /// The node that says what plays.
    owner: &'n Node,
    clips: Vec<Placed<'n>>,
}

impl Lower<'_> {
    pub(in crate::compile::lower) fn clips(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        self.outermost(node)?;
        let line = self.line(cx);
        self.arrangement.line.get_or_insert(line.clone());
        let (groups, takes) = self.groups(node, &line)?;
        let muted = flag(node, "mute").unwrap_or(false);
        let stamps = cx.song.is_some().then_some((&*line, self.request.rate));
        let mut wires = vec![];
        for (number, Group { instrument, owner, clips }) in groups.iter().enumerate() {
            let clips: Vec<Clip> = clips.iter().map(|placed| self.clip(placed, node, muted)).collect();
            self.count_notes(&clips, node.span)?;
            let arrays = prepare(&clips, Chances::Drawn, stamps);
            let mut owner = (*owner).clone();
            owner.path = match number {
                0 => node.path.clone(),
                _ => format!("{}.{number}", node.path),
            };
            wires.push(self.instrument(&owner, instrument, Arc::new(arrays), cx)?);
        }
        self.clips_to_host(node, &groups, muted, stamps, cx)?;
        if !takes.is_empty() && !muted {
            wires.push(self.recordings(node, takes, cx)?);
        }
        let channels = 1 + usize::from(wires.iter().any(Wire::is_stereo));
        Ok(match wires[..] {
            [] => Wire::number(0.0),
            [only] => only,
            _ => self.push(What::Sum, wires, channels, Ends::Never, format!("{}.sum", node.path)),
        })
    }

    /// Sends the notes to the host that are to go there: those of all clips, or of patterns that say so.
    fn clips_to_host(
        &mut self,
        node: &Node,
        groups: &[Group],
        muted: bool,
        stamps: Option<(&Timeline, f64)>,
        cx: &Context,
    ) -> Result<()> {
        let all = flag(node, "to_host").unwrap_or(false);
        let clips = groups.iter().flat_map(|group| &group.clips);
        let sent = clips.filter(|placed| all || flag(placed.source, "to_host").unwrap_or(false));
        let sent: Vec<Clip> = sent.map(|placed| self.clip(placed, node, muted)).collect();
        if sent.is_empty() {
            return Ok(());
        }
        let arrays = Arc::new(prepare(&sent, Chances::Drawn, stamps));
        self.notes_out(node, &arrays, cx)
    }

    /// The clips at their places, by what plays them: an instrument is known by its place in the text.
    fn groups<'n>(&mut self, node: &'n Node, line: &Timeline) -> Result<(Vec<Group<'n>>, Vec<Take>)> {
        let own = written(node, "instrument");
        let mut groups: Vec<Group> = vec![];
        let mut known: Vec<(String, Rc<Pattern>)> = vec![];
        let mut takes = vec![];
        let mut end = 0.0;
        for entry in entries(node, "clips") {
            self.one_of_both(entry)?;
            if said(entry, "file").is_some() {
                let (take, behind) = self.recording(entry, end, line)?;
                takes.extend(take);
                end = behind;
                continue;
            }
            let Some(Param { value: Value::Node(source), span, .. }) = written(entry, "pattern") else {
                continue;
            };
            if source.spec.name != "pattern" {
                let message = format!("a clip plays a `pattern`, not a `{}`", source.spec.name);
                let error = Diagnostic::error("wrong-type", *span, message);
                return Err(error.hint("name a sound that is a `pattern`").into());
            }
            // The same text is the same pattern, unless something was set from outside.
            let text = format!("{:?}", source.params.iter().map(|p| (&p.name, p.span)).collect::<Vec<_>>());
            let pattern = match known.iter().find(|(known, _)| *known == text) {
                Some((_, pattern)) => pattern.clone(),
                None => {
                    let pattern = Rc::new(self.pattern_of(source, line)?);
                    known.push((text, pattern.clone()));
                    pattern
                }
            };
            let start = self.place(entry, "start", 0.0, line, STEP)?.unwrap_or(end);
            let offset = self.place(entry, "offset", 0.0, line, STEP)?.unwrap_or(0.0);
            let rest = if offset < pattern.length { pattern.length - offset } else { pattern.length };
            let length = self.place(entry, "length", start, line, STEP)?.unwrap_or(rest);
            end = start + length;
            self.arrangement.end = self.arrangement.end.max(end);
            let (instrument, owner) = match own {
                Some(own) => (own, node),
                None => (self.required(source, "instrument")?, &**source),
            };
            let placed = Placed { entry, source, pattern, start, length, offset };
            match groups.iter_mut().find(|group| group.instrument.span == instrument.span) {
                Some(group) => group.clips.push(placed),
                None => groups.push(Group { instrument, owner, clips: vec![placed] }),
            }
        }
        Ok((groups, takes))
    }

    fn clip<'p>(&self, placed: &'p Placed, node: &Node, muted: bool) -> Clip<'p> {
        let Placed { entry, source, pattern, start, length, offset } = placed;
        let mute = |node: &Node| flag(node, "mute").unwrap_or(false);
        Clip {
            pattern,
            start: *start,
            length: *length,
            offset: *offset,
            looped: flag(entry, "loop").unwrap_or(true),
            muted: muted || mute(entry) || mute(source),
            transpose: number(entry, "transpose").unwrap_or(0.0) as i32,
            velocity: number(entry, "velocity").unwrap_or(1.0) as f32,
            seed: self.seed(source, &node.path),
        }
    }
}
