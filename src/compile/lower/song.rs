//! `song` and `curve`: the time of what is below, and values that follow it. Loader thread.

use std::sync::Arc;

use crate::compile::plan::{self, Ends, Op, What, Wire};
use crate::compile::tempo::Part;
use crate::compile::written::{entries, flag, number, written};
use crate::kernel::clock::ClockPlan;
use crate::language::model::{Node, Param, Span, Value};
use crate::language::{Diagnostic, nearest};
use crate::score::{
    Arrays, Curve, CurvePoint, Grid, Loop, Metre, MetreMap, Shape, TempoMap, TempoPoint, Time, TimeUnit,
    Timeline, drawn,
};

use super::names::Bound;
use super::{Context, Lower, Result, Track};

/// What is known of a sound as a piece of music: for files, and for how long it is rendered.
#[derive(Clone, Default)]
pub struct Arrangement {
    /// The time of the outermost song.
    pub line: Option<Arc<Timeline>>,
    /// What plays written notes: the names of the nodes, and the notes.
    pub tracks: Vec<(String, Arc<Arrays>)>,
    /// The last end of a clip, and of a pattern that is played over and over, in beats.
    pub end: f64,
    pub round: f64,
    /// Strokes of all its notes, before any is made.
    pub strokes: f64,
}

impl Arrangement {
    /// Where it ends, in beats, if it does.
    pub fn end(&self) -> Option<f64> {
        let line = self.line.as_ref()?;
        let clips = if self.end > 0.0 { self.end } else { self.round };
        line.end.or(Some(clips)).filter(|end| *end > 0.0)
    }

    /// How long it is, in frames: by itself, or where a host's tempo comes first.
    pub fn frames(&self, rate: f64, host: Option<f64>) -> Option<u64> {
        self.line.as_ref()?;
        Some(self.frame(self.end()?, rate, host))
    }

    /// Markers and sections in order: their names, and at which frame each is reached first.
    pub fn markers(&self, rate: f64, host: Option<f64>) -> impl Iterator<Item = (&str, u64)> {
        let all = self.line.iter().flat_map(|line| &line.markers);
        all.map(move |(name, at)| (name.as_str(), self.frame(*at, rate, host)))
    }

    /// The tempo in beats per minute, where it is one: that of the host, or the song's own.
    pub fn steady_tempo(&self, host: Option<f64>) -> Option<f64> {
        let own = self.line.as_ref().and_then(|line| line.tempo.is_steady());
        if self.line.as_ref().is_none_or(|line| line.follows_host) { host.or(own) } else { own }
    }

    /// At which frame a place in beats is reached.
    fn frame(&self, beats: f64, rate: f64, host: Option<f64>) -> u64 {
        let Some(line) = &self.line else { return 0 };
        if let Some(bpm) = host.filter(|_| line.follows_host) {
            return (beats * 60.0 / bpm * rate).round() as u64;
        }
        // What is repeated for ever is heard once.
        line.frames_to(beats, rate).unwrap_or_else(|| line.frame(beats, rate)) as u64
    }
}

/// A written note as it is played: frames from the beginning, and its velocity, 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub at: u64,
    pub length: u64,
    pub velocity: f32,
}

/// Most notes that are counted.
const MOST_STROKES: usize = 1 << 20;

impl Arrangement {
    /// The notes that begin before a frame, in no particular order. `host`: beats a minute where a host's come first, and the beat at which
    /// it begins. A region that is repeated counts once.
    pub fn strokes(&self, rate: f64, host: Option<(f64, f64)>, end: u64) -> Vec<Stroke> {
        let Some(line) = &self.line else { return vec![] };
        let host = host.filter(|_| line.follows_host);
        let frame = |beats: f64| match host {
            Some((bpm, from)) => (beats - from) * 60.0 / bpm * rate,
            None => line.frame(beats, rate),
        };
        let mut all = vec![];
        for (_, notes) in &self.tracks {
            let mut round = 0.0;
            while frame(round) < end as f64 && all.len() < MOST_STROKES {
                for n in 0..notes.len() {
                    let (from, to) = (frame(notes.start[n] + round), frame(notes.end[n] + round));
                    let falls = notes
                        .chance
                        .get(n)
                        .is_some_and(|chance| drawn(notes.draw[n], round) >= f64::from(*chance));
                    if from >= 0.0 && from < end as f64 && !falls {
                        let (at, length) = (from as u64, (to - from).max(1.0) as u64);
                        all.push(Stroke { at, length, velocity: notes.velocity[n] });
                    }
                }
                if !(notes.length > 0.0 && notes.length.is_finite()) {
                    break;
                }
                round += notes.length;
            }
        }
        all
    }
}

impl Lower<'_> {
    pub(super) fn song(
        &mut self,
        node: &Node,
        cx: &Context,
        tracks: Option<&mut Vec<Track>>,
    ) -> Result<Wire> {
        if self.scopes.len() > 1 || cx.song.is_some() {
            let error =
                Diagnostic::error("misplaced", node.span, "a `song` stands around everything that it plays");
            return Err(error.hint("make it the outermost node of the sound").into());
        }
        let line = Arc::new(self.timeline(node)?);
        let what = What::SongTempo { line: line.clone() };
        let bpm = self.push(what, vec![], 1, Ends::Never, format!("{}.bpm", node.path));
        self.arrangement.line.get_or_insert(line.clone());
        let below = Context {
            env: cx.env.with("bpm", Bound::Tempo(0, bpm, line.follows_host)),
            overrides: vec![],
            song: Some(line),
            ..cx.below(node)
        };
        self.below(node, &below, tracks)
    }

    fn timeline(&mut self, node: &Node) -> Result<Timeline> {
        let mut line = Timeline { follows_host: true, ..Timeline::default() };
        if let Some(Value::Word("internal")) = written(node, "source").map(|param| &param.value) {
            line.follows_host = false;
        }
        // Metres first: tempos may be placed in bars.
        let mut changes: Vec<(f64, Metre)> = vec![];
        for (number, change) in entries(node, "metre").into_iter().enumerate() {
            let (text, span) = match written(change, "metre") {
                Some(Param { value: Value::Text(text), span, .. }) => (text.as_str(), *span),
                _ => ("", change.span),
            };
            let Some(metre) = Metre::read(text) else {
                let error = Diagnostic::error("wrong-type", span, format!("`{text}` is no metre"));
                return Err(error.hint("write beats and their value: `3/4`, `7/8`").into());
            };
            let bars = match written(change, "at").map(|at| &at.value) {
                None if number == 0 => 0.0,
                Some(Value::Time(Time { value, unit: TimeUnit::Bars })) if value.fract() == 0.0 => *value,
                Some(Value::Time(Time { value, .. })) if *value == 0.0 => 0.0,
                _ => {
                    let error = Diagnostic::error("wrong-type", change.span, "a metre begins with a bar");
                    return Err(error.hint("write `[3/4, 8 bars]`: from behind the eighth bar on").into());
                }
            };
            if changes.last().is_some_and(|(last, _)| *last >= bars) || (number == 0 && bars != 0.0) {
                let error = Diagnostic::error(
                    "order",
                    change.span,
                    "metres stand in the order of time, from the beginning on",
                );
                return Err(error.hint("the first begins with the song").into());
            }
            changes.push((bars, metre));
        }
        line.metre = MetreMap::new(&changes);
        self.sections(node, &mut line)?;
        let mut points: Vec<TempoPoint> = vec![];
        for change in entries(node, "tempo") {
            // Places in seconds count at the tempos before.
            line.tempo = TempoMap::new(&points);
            let at = self.place(change, "at", 0.0, &line, 1.0)?.unwrap_or(0.0);
            if points.last().is_some_and(|last| last.at > at) || (points.is_empty() && at != 0.0) {
                let error = Diagnostic::error(
                    "order",
                    change.span,
                    "tempos stand in the order of time, from the beginning on",
                );
                return Err(error.hint("the first begins with the song").into());
            }
            let bpm = number(change, "bpm").unwrap_or(120.0);
            points.push(TempoPoint { at, bpm, ramp: flag(change, "ramp").unwrap_or(false) });
        }
        line.tempo = TempoMap::new(&points);
        if let [region] = entries(node, "loop")[..] {
            let from = self.place(region, "from", 0.0, &line, 1.0)?.unwrap_or(0.0);
            let to = self.place(region, "to", 0.0, &line, 1.0)?.unwrap_or(0.0);
            if to <= from {
                let error = Diagnostic::error(
                    "order",
                    region.span,
                    "what is repeated ends where it begins, or before",
                );
                return Err(error.hint("write `{from: verse, to: chorus}`").into());
            }
            line.region = Some(Loop {
                from,
                to,
                times: number(region, "times").filter(|x| x.is_finite()).map(|x| x as u32),
            });
        }
        if let Some(end) = self.place(node, "length", 0.0, &line, 1.0)? {
            line.end = Some(end);
        }
        Ok(line)
    }

    /// Markers and sections; sections also say how long the song is.
    fn sections(&mut self, node: &Node, line: &mut Timeline) -> Result<()> {
        let parts = |name: &str| match written(node, name).map(|param| &param.value) {
            Some(Value::Map(parts)) => parts.as_slice(),
            _ => &[],
        };
        let mut at = 0.0;
        for part in parts("sections") {
            let Value::Node(section) = &part.value else { continue };
            self.mark(line, part, at)?;
            at += self.place(section, "length", at, line, 1.0)?.unwrap_or(0.0);
            line.end = Some(at);
        }
        for part in parts("markers") {
            let Value::Node(marker) = &part.value else { continue };
            let at = self.place(marker, "at", 0.0, line, 1.0)?.unwrap_or(0.0);
            self.mark(line, part, at)?;
        }
        line.markers.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(())
    }

    fn mark(&mut self, line: &mut Timeline, part: &Param, at: f64) -> Result<()> {
        if line.marker(&part.name).is_some() {
            let message = format!("two places of the song are called `{}`", part.name);
            let error = Diagnostic::error("name-clash", part.key_span, message);
            return Err(error.hint("give one of them another name").into());
        }
        line.markers.push((part.name.clone(), at));
        Ok(())
    }

    /// A time that is written, in beats, counted from a place; `None` where it is not. `step`: beats of a step.
    pub(super) fn place(
        &self,
        node: &Node,
        name: &str,
        from: f64,
        line: &Timeline,
        step: f64,
    ) -> Result<Option<f64>> {
        let Some(Param { value, span, .. }) = written(node, name) else { return Ok(None) };
        let beats = match value {
            Value::Time(time) => Grid { step, tempo: &line.tempo, metre: &line.metre }.beats(*time, from),
            Value::Text(marker) => match line.marker(marker) {
                Some(at) => at - from,
                None => return Err(no_marker(marker, line, *span).into()),
            },
            _ => return Ok(None),
        };
        if !(0.0..=1e7).contains(&beats) && name != "shift" {
            let error =
                Diagnostic::error("out-of-range", *span, format!("`{name}` lies outside of any song"));
            return Err(error.hint("write a time from 0 on").into());
        }
        Ok(Some(beats))
    }

    /// Whose time counts here: that of the song around, or of the `tempo` node around, which becomes an input.
    pub(super) fn clock(&mut self, span: Span, cx: &Context, inputs: &mut Vec<Wire>) -> Result<ClockPlan> {
        if let Some(line) = &cx.song {
            return Ok(ClockPlan::Map(line.clone()));
        }
        let (scope, wire, host) = cx.env.tempo().unwrap_or((0, Wire::number(120.0), true));
        if scope > 0 {
            let error = Diagnostic::error(
                "misplaced",
                span,
                "what follows the song cannot follow the tempo of a voice",
            );
            return Err(error.hint("put the `tempo` node around everything").into());
        }
        inputs.push(wire);
        Ok(ClockPlan::Tempo { port: inputs.len() - 1, exact: self.own_tempo(wire), host })
    }

    /// The number that a `tempo` node says, where it is one.
    fn own_tempo(&self, wire: Wire) -> Option<f64> {
        let ops = &self.scopes[0].plan.ops;
        let told = match wire.left {
            plan::Value::Op(op, _) if matches!(ops[op].what, What::Tempo { part: Part::Bpm, .. }) => {
                ops[op].inputs[0]
            }
            _ => wire,
        };
        told.as_number()
    }

    /// The time in which lengths are counted here: that of the song, or one steady tempo.
    pub(super) fn line(&self, cx: &Context) -> Arc<Timeline> {
        cx.song.clone().unwrap_or_else(|| {
            let bpm = cx.env.tempo().and_then(|(scope, wire, _)| self.own_tempo(wire).filter(|_| scope == 0));
            let tempo = TempoMap::steady(bpm.filter(|bpm| *bpm > 0.0).unwrap_or(120.0));
            Arc::new(Timeline { tempo, follows_host: true, ..Timeline::default() })
        })
    }

    /// An automation. It lives in the outermost graph, wherever it is read.
    pub(super) fn song_curve(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        if self.fixed {
            let error = Diagnostic::error(
                "misplaced",
                node.span,
                "a `curve` follows the song, which is not there beforehand",
            );
            return Err(error.hint("use a list of points").into());
        }
        let line = self.line(cx);
        let mut points: Vec<CurvePoint> = vec![];
        for point in entries(node, "points") {
            let at = self.place(point, "at", 0.0, &line, 0.25)?.unwrap_or(0.0);
            if points.last().is_some_and(|last| last.at > at) {
                let error = Diagnostic::error("order", point.span, "points stand in the order of time");
                return Err(error.hint("move it to its place").into());
            }
            points.push(CurvePoint {
                at,
                value: number(point, "value").unwrap_or(0.0),
                shape: shape(point)?,
            });
        }
        let mut inputs = vec![];
        let clock = self.clock(node.span, cx, &mut inputs)?;
        let what = What::Along { curve: Arc::new(Curve { points }), clock };
        let op = Op::new(what, inputs, 1, Ends::Never, node.path.clone());
        let wire = Wire::op(self.scopes[0].plan.push(op), 1);
        let depth = self.scopes.len() - 1;
        Ok(self.import(depth, 0, wire))
    }
}

fn shape(point: &Node) -> Result<Shape> {
    let bend = written(point, "bend");
    let word = match written(point, "shape").map(|param| &param.value) {
        Some(Value::Word(word)) => *word,
        _ if bend.is_some() => "bezier",
        _ => "linear",
    };
    Ok(match word {
        "step" => Shape::Step,
        "exponential" => Shape::Exponential,
        "logarithmic" => Shape::Logarithmic,
        "smooth" => Shape::Smooth,
        "bezier" => {
            let all = bend.map(|param| &param.value);
            let numbers: Vec<f64> = match all {
                Some(Value::List(items)) => items
                    .iter()
                    .filter_map(|(value, _)| if let Value::Number(x) = value { Some(*x) } else { None })
                    .collect(),
                _ => vec![],
            };
            match numbers[..] {
                [x1, y1, x2, y2] if (0.0..=1.0).contains(&x1) && (0.0..=1.0).contains(&x2) => {
                    Shape::Bezier([x1, y1, x2, y2])
                }
                _ => {
                    let span = bend.map_or(point.span, |param| param.span);
                    let error = Diagnostic::error(
                        "wrong-type",
                        span,
                        "a bezier curve has four numbers, x from 0 to 1",
                    );
                    return Err(error.hint("write `bend: [0.42, 0, 0.58, 1]`").into());
                }
            }
        }
        _ => Shape::Linear,
    })
}

fn no_marker(name: &str, line: &Timeline, span: Span) -> Diagnostic {
    let error = Diagnostic::error("unknown-name", span, format!("no place of the song is called `{name}`"));
    match nearest(name, line.markers.iter().map(|(known, _)| known.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            error.hint("write it among the `markers` or `sections` of the `song` around, or write a time")
        }
    }
}
