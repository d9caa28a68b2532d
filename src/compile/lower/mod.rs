//! First stage: a tree of nodes becomes a plan. Names are resolved, scopes and voices get plans of their own, loops become feedback
//! lines. Constant expressions fold on the way, because their parts are known when they are met. Loader thread.

mod ahead;
mod clock;
mod feedback;
mod frozen;
mod kernel_node;
mod memories;
mod mixer;
mod names;
mod notes;
mod pattern;
mod scopes;
mod sequencer;
mod song;
mod switch;
mod trigger;
mod values;
pub(super) mod voices;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::language::limits::{COMPILED_NESTED, COMPILED_NODES};
use crate::language::model::{Node, Span};
use crate::language::{Diagnostic, Frozen, Library};
use crate::nodes::{self, Runs, Structure};
use crate::score::{Arrays, Timeline};

use super::Request;
use super::drawing::Monitored;
use super::parts::MasterOps;
use super::plan::{Ends, Op, Plan, What, Wire};
pub use frozen::{Origin, origin};
pub(super) use mixer::Track;
use names::Env;
pub use song::{Arrangement, Stroke};

/// A node's surroundings: names and the duration in force.
#[derive(Clone, Default)]
pub(super) struct Context {
    env: Env,
    /// Seconds over which interpolated lists are stretched.
    duration: Option<f64>,
    /// The kind of the nearest node above that has a `duration` and keeps it to itself.
    keeps: Option<&'static str>,
    /// Scope variables that stand in for numbers of the root node of a step's sound.
    overrides: Vec<(String, u32)>,
    /// The time of the song around, where one is written.
    song: Option<Arc<Timeline>>,
    /// The notes that every `midi_in` here plays instead of the host's.
    score: Option<Arc<Arrays>>,
}

/// A graph under construction.
#[derive(Default)]
struct Scope {
    plan: Plan,
    /// It is that of a note's voices.
    notes: bool,
    /// Wires of the scope around that this one reads.
    imports: Vec<Wire>,
    /// What nodes put out, by id and by path.
    ids: HashMap<String, Wire>,
    /// Ids that are written somewhere in this scope.
    declared: HashSet<String>,
    /// What was made of macros: in the outermost scope, and in those of notes.
    macros: Vec<(String, Wire)>,
    /// Feedback lines for ids read before their node.
    feedback: HashMap<String, feedback::Line>,
}

pub(super) struct Lowered {
    pub plan: Plan,
    pub tracks: Vec<Track>,
    /// The master's effects, where there are any.
    pub master: Option<MasterOps>,
    /// Inputs of the wrapping nodes that end the sound with them, as frames.
    pub length: Option<f64>,
    /// The text has soloed a track.
    pub soloed: bool,
    /// Nodes that somebody wants to see.
    pub monitored: Monitored,
    /// The outermost song, and what plays written notes, by the names of tracks.
    pub arrangement: Arrangement,
    pub warnings: Vec<Diagnostic>,
    pub notes: Vec<Diagnostic>,
}

pub(super) struct Lower<'a> {
    request: &'a Request<'a>,
    library: &'a Library,
    scopes: Vec<Scope>,
    /// Ids known from an earlier attempt to be stereo and read before they are rendered.
    stereo: HashSet<String>,
    /// The sounds that start each other down to the present one: names, and the steps that started them.
    started: Vec<(String, Span)>,
    /// Nodes within nodes, and nodes altogether.
    depth: usize,
    made: usize,
    pub warnings: Vec<Diagnostic>,
    pub notes: Vec<Diagnostic>,
    /// Seconds rendered beforehand so far.
    beforehand: f64,
    /// It is for such a signal that nodes are looked at now: what moves while it plays is not known there.
    fixed: bool,
    /// The text has soloed a track.
    soloed: bool,
    /// Keys that cut each other.
    chokes: notes::Chokes,
    /// The master's effects, once they are known.
    master: Option<MasterOps>,
    /// Sounds with parameters that steps start.
    expanded: HashMap<String, Rc<Node>>,
    /// Triggers so far.
    triggers: u8,
    arrangement: Arrangement,
    monitored: Monitored,
    /// Tracks in place of which recordings play.
    frozen: &'a [Frozen],
}

/// A node could not be lowered; the reasons have been noted.
#[derive(Debug)]
pub(super) struct Failed(pub Vec<Diagnostic>);

type Result<T> = std::result::Result<T, Failed>;

impl Failed {
    /// Faults in another file get the place in this one from where that is used.
    fn seen_from(mut self, user: Span) -> Failed {
        for fault in &mut self.0 {
            let files: Vec<u32> =
                fault.related.iter().map(|(s, _)| s.file).chain(fault.span.map(|s| s.file)).collect();
            if !files.is_empty() && !files.contains(&user.file) {
                fault.related.push((user, "used here".to_owned()));
            }
        }
        self
    }
}

impl From<Diagnostic> for Failed {
    fn from(d: Diagnostic) -> Self {
        Failed(vec![d])
    }
}

/// Lowers a sound. What is frozen is lowered like everything else at first, so that it is known whether it is still the same; then the
/// recordings take its place.
pub(super) fn lower(request: &Request, root: &Node) -> std::result::Result<Lowered, Vec<Diagnostic>> {
    let lowered = attempts(request, root, &[])?;
    let (kept, mut said) = frozen::fresh(request, &lowered);
    let mut lowered = if kept.is_empty() { lowered } else { attempts(request, root, &kept)? };
    lowered.warnings.append(&mut said);
    Ok(lowered)
}

/// Nodes that are read before they are rendered are taken for mono at first; one that turns out stereo starts over.
fn attempts(
    request: &Request,
    root: &Node,
    frozen: &[Frozen],
) -> std::result::Result<Lowered, Vec<Diagnostic>> {
    let mut stereo = HashSet::new();
    let mut made = 0;
    loop {
        let known = stereo.len();
        let mut lower = Lower {
            request,
            library: request.library,
            scopes: vec![Scope::default()],
            stereo: std::mem::take(&mut stereo),
            started: vec![(request.sound.to_owned(), root.span)],
            depth: 0,
            made,
            warnings: vec![],
            notes: vec![],
            beforehand: 0.0,
            fixed: false,
            soloed: false,
            chokes: Default::default(),
            master: None,
            expanded: HashMap::new(),
            triggers: 0,
            arrangement: Arrangement::default(),
            monitored: Monitored::new(),
            frozen,
        };
        declare(root, &mut lower.scopes[0].declared);
        let mut lowered = lower.sound(root).map_err(|f| f.0)?;
        if lower.stereo.len() == known {
            lowered.warnings = lower.warnings;
            lowered.notes = lower.notes;
            lowered.monitored = lower.monitored;
            return Ok(lowered);
        }
        (stereo, made) = (lower.stereo, lower.made);
    }
}

/// Notes the ids below a node that belong to the same scope: not those inside voices.
fn declare(node: &Node, ids: &mut HashSet<String>) {
    ids.extend(node.id.clone());
    for param in &node.params {
        if !scopes::inside_voices(node, &param.name) {
            for child in children(&param.value) {
                declare(child, ids);
            }
        }
    }
}

/// The nodes in a value, one list level deep.
pub(super) fn children(value: &crate::language::model::Value) -> Vec<&Node> {
    use crate::language::model::Value;
    match value {
        Value::Node(node) => vec![node],
        Value::List(items) => {
            items.iter().filter_map(|(v, _)| if let Value::Node(n) = v { Some(&**n) } else { None }).collect()
        }
        Value::Map(parts) => parts.iter().flat_map(|part| children(&part.value)).collect(),
        _ => vec![],
    }
}

impl Context {
    /// The surroundings of what is below a node that does not hand its own duration down.
    fn below(&self, node: &Node) -> Context {
        Context { keeps: node.duration.map(|_| node.spec.name).or(self.keeps), ..self.clone() }
    }
}

impl<'a> Lower<'a> {
    /// The whole sound: its outermost mix becomes tracks.
    fn sound(&mut self, root: &Node) -> Result<Lowered> {
        let mut tracks = vec![];
        let output = self.tracks(root, &Context::default(), &mut tracks)?;
        if tracks.is_empty() {
            let name = root.path.split('.').next().unwrap_or("sound").to_owned();
            tracks.push(self.plain_track(name, output, &root.path, root.span, 0)?);
        }
        self.check_memories();
        let scope = &mut self.scopes[0];
        scope.plan.outputs = tracks.iter().map(|t| t.wire).collect();
        let mut plan = std::mem::take(&mut scope.plan);
        memories::tell(&mut plan, &mut vec![]);
        self.chokes.tell(&mut plan);
        let length = voices::longest_duration(root);
        let (soloed, master) = (self.soloed, self.master.take());
        let arrangement = std::mem::take(&mut self.arrangement);
        let (monitored, warnings, notes) = (Monitored::new(), vec![], vec![]);
        Ok(Lowered { plan, tracks, master, length, soloed, monitored, arrangement, warnings, notes })
    }

    /// Lowers a node, looking through `context` and `tempo` for the mixer, or the mix whose children are the tracks. What has an id is
    /// read as a whole, and so stays one track.
    fn tracks(&mut self, node: &Node, cx: &Context, tracks: &mut Vec<Track>) -> Result<Wire> {
        match structure(node) {
            Some(Structure::Mix) if node.id.is_none() => {
                for (number, (name, wire)) in self.mix_children(node, cx)?.into_iter().enumerate() {
                    let path = format!("{}.{name}", node.path);
                    tracks.push(self.plain_track(name, wire, &path, node.span, number)?);
                }
                Ok(Wire::number(0.0))
            }
            Some(Structure::Mixer) => {
                tracks.extend(self.mixer(node, cx)?);
                Ok(Wire::number(0.0))
            }
            Some(Structure::Context) if node.id.is_none() => self.context(node, cx, Some(tracks)),
            Some(Structure::Tempo) if node.id.is_none() => self.tempo(node, cx, Some(tracks)),
            Some(Structure::Song) if node.id.is_none() => self.song(node, cx, Some(tracks)),
            _ => self.node(node, cx),
        }
    }

    /// Lowers a node and everything below it, within the bounds.
    fn node(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        self.count(1, node.span)?;
        if self.depth >= COMPILED_NESTED {
            return Err(self.too_many("nodes inside of each other", COMPILED_NESTED, node.span));
        }
        self.depth += 1;
        let result = self.node_within(node, cx);
        self.depth -= 1;
        result.map_err(|failed| failed.seen_from(node.span))
    }

    /// Counts nodes that the compiler looks at.
    fn count(&mut self, nodes: usize, span: Span) -> Result<()> {
        self.made += nodes;
        if self.made <= COMPILED_NODES {
            return Ok(());
        }
        Err(self.too_many("nodes in a sound and all that it starts", COMPILED_NODES, span))
    }

    fn node_within(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let Some(def) = nodes::find(node.spec.name) else {
            return Err(Diagnostic::error(
                "no-such-node",
                node.span,
                format!("`{}` cannot run", node.spec.name),
            )
            .into());
        };
        // Only the root of a step's sound is overridden.
        let below = Context { overrides: vec![], ..cx.clone() };
        let wire = match def.runs {
            Runs::Kernel(_) | Runs::Ahead(_) => match self.automation_of_nodes(def, node, cx)? {
                Some(wire) => wire,
                None => self.kernel_node(def, node, cx)?,
            },
            Runs::Structure(Structure::Mix) => self.mix(node, &below)?,
            Runs::Structure(Structure::Mixer) => return Err(mixer::misplaced(node)),
            Runs::Structure(Structure::Expression) => self.expression(node, cx)?,
            Runs::Structure(Structure::Context) => self.context(node, cx, None)?,
            Runs::Structure(Structure::Tempo) => self.tempo(node, cx, None)?,
            Runs::Structure(Structure::Reference) => self.reference(node)?,
            Runs::Structure(Structure::Sequencer) => self.sequencer(node, &below)?,
            Runs::Structure(Structure::Select) => self.select(node, &below)?,
            Runs::Structure(Structure::Multiply) => self.multiply(node, &below)?,
            Runs::Structure(Structure::Spawn) => self.spawn(node, &below)?,
            Runs::Structure(Structure::Trigger) => self.trigger(node, &below)?,
            Runs::Structure(Structure::MidiIn) => self.midi_in(node, &below)?,
            Runs::Structure(Structure::Pattern) => self.pattern(node, &below)?,
            Runs::Structure(Structure::Clips) => self.clips(node, &below)?,
            Runs::Structure(Structure::Song) => self.song(node, &below, None)?,
            Runs::Structure(Structure::Curve) => self.song_curve(node, &below)?,
        };
        self.publish(node, wire)?;
        Ok(wire)
    }

    /// Makes a node's output known under its id and path, and closes the loops that wait for it.
    fn publish(&mut self, node: &Node, wire: Wire) -> Result<()> {
        if let (true, Some(op)) = (node.monitor, wire.left.op()) {
            let id = self.scope().plan.ops[op].id.clone();
            self.monitored.insert(id, (node.spec.name, node.span));
        }
        let scope = self.scope();
        scope.ids.insert(node.path.clone(), wire);
        let Some(id) = &node.id else {
            self.unused(node, "nothing can read a node without an `id`");
            return Ok(());
        };
        scope.ids.insert(id.clone(), wire);
        self.close(node, id, wire)
    }

    fn scope(&mut self) -> &mut Scope {
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn push(&mut self, what: What, inputs: Vec<Wire>, channels: usize, ends: Ends, id: String) -> Wire {
        let op = self.scope().plan.push(Op::new(what, inputs, channels, ends, id));
        Wire::op(op, channels)
    }

    /// A mono wire: stereo is averaged.
    fn mono(&mut self, wire: Wire) -> Wire {
        if !wire.is_stereo() {
            return wire;
        }
        self.push(What::Average, vec![wire], 1, Ends::With(0), String::new())
    }

    fn missing(&self, node: &Node, name: &str) -> Failed {
        Diagnostic::error("missing-parameter", node.span, format!("`{}` needs `{name}`", node.spec.name))
            .hint(format!("add `{name}: …`"))
            .into()
    }

    fn too_many(&self, what: &str, limit: usize, span: Span) -> Failed {
        Diagnostic::error("too-large", span, format!("more than {limit} {what}")).into()
    }
}

fn structure(node: &Node) -> Option<Structure> {
    match nodes::find(node.spec.name)?.runs {
        Runs::Structure(s) => Some(s),
        Runs::Kernel(_) | Runs::Ahead(_) => None,
    }
}
