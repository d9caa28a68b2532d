//! The mixer: tracks, sends, buses and the master become strips, sums and chains of effects, in an order in which nothing is late.
//! Every sound has one; where none is written, the tracks of the outermost mix stand in it as they are. Loader thread.

mod routes;

use crate::compile::parts::MasterOps;
use crate::compile::plan::{Ends, What, Wire};
use crate::compile::program::{Destination, Output, Role, Said, Width};
use crate::compile::written::{text, written};
use crate::kernel::{STRIPS, StripPart, StripPlace};
use crate::language::model::{Expr, ExprKind, Node, Param, Span, Value};
use crate::language::{Diagnostic, INPUT};
use crate::nodes::strip;

use super::names::Bound;
use super::{Context, Failed, Lower, Result};
use routes::{Route, beyond, bus_order, is_set, node_of, parts, route, value_of};

/// Buses that the host has sends to.
const HOST_SENDS: usize = 2;
/// Level of a send that only the host opens, in decibels.
const CLOSED: f64 = -200.0;

/// Something that comes out of the mixer: a track, a bus, or the sum behind the master's effects.
pub(in crate::compile) struct Track {
    pub name: String,
    pub wire: Wire,
    /// Before its effects, and behind them before its fader.
    pub dry: Wire,
    pub inserted: Wire,
    pub role: Role,
    pub output: Output,
    /// Its sides differ, whatever the host does.
    pub stereo: bool,
    pub said: Said,
}

/// A strip as it is written, with its effects done.
struct Channel<'n> {
    name: &'n str,
    node: &'n Node,
    place: StripPlace,
    /// Before its effects.
    dry: Wire,
    /// Behind its effects, before its fader.
    wire: Wire,
}

/// Wires that reach a bus, or the master.
type Feeds = Vec<Wire>;

/// The mixer cannot stand here.
pub(super) fn misplaced(node: &Node) -> Failed {
    let message = "a `mixer` stands outermost in a sound that is played by itself, not inside of other nodes";
    Diagnostic::error("misplaced-mixer", node.span, message).hint("here, `mix` adds signals up").into()
}

impl Lower<'_> {
    /// A strip for something that has nothing written for the mixer.
    pub(super) fn plain_track(
        &mut self,
        name: String,
        wire: Wire,
        path: &str,
        span: Span,
        number: usize,
    ) -> Result<Track> {
        let node = strip_node(format!("{path}.strip"), span, vec![]);
        let place = StripPlace { number, track: host_track(number), part: StripPart::Fader };
        // Such a strip has nothing written: before its fader and behind it are the same.
        let recorded = self.recorded(&name, false, path)?.or(self.recorded(&name, true, path)?);
        let wire = recorded.unwrap_or(wire);
        let out = self.strip(&node, wire, place, &Context::default())?;
        let (role, output, stereo) = (Role::Track, Output::Main, wire.is_stereo());
        Ok(Track { name, wire: out, dry: wire, inserted: wire, role, output, stereo, said: Said::default() })
    }

    /// The whole mixer.
    pub(super) fn mixer(&mut self, node: &Node, cx: &Context) -> Result<Vec<Track>> {
        let cx = self.inside(node, cx);
        let (tracks, buses) = (parts(node, "tracks"), parts(node, "buses"));
        self.check_names(tracks, buses)?;
        let names: Vec<&str> = buses.iter().map(|bus| bus.name.as_str()).collect();
        let (channels, cx) = self.channels(tracks, &cx)?;
        let order = bus_order(buses, &names)?;
        let mut feeds: Vec<Feeds> = vec![vec![]; buses.len()];
        let mut made: Vec<Option<Track>> = vec![];
        for channel in &channels {
            let track = self.channel(channel, Role::Track, &names, &mut feeds, &cx)?;
            made.push(Some(Track { said: said(channel, names.clone()), ..track }));
        }
        made.extend(buses.iter().map(|_| None));
        for bus in order {
            let Some(written) = node_of(&buses[bus]) else { continue };
            let inputs = std::mem::take(&mut feeds[bus]);
            let all = (0..inputs.len()).collect();
            let sum = match inputs.is_empty() {
                true => Wire::number(0.0),
                false => self.push(What::Sum, inputs, 2, Ends::AllOf(all), format!("{}.sum", written.path)),
            };
            let wire = self.chain(written, "signal", sum, &cx)?;
            let wire = self.chain(written, "inserts", wire, &cx)?;
            let number = tracks.len() + bus;
            let place = StripPlace { number, track: None, part: StripPart::Fader };
            let channel = Channel { name: names[bus], node: written, place, dry: sum, wire };
            let track = self.channel(&channel, Role::Bus, &names, &mut feeds, &cx)?;
            made[number] = Some(Track { said: said(&channel, beyond(bus, buses, &names)?), ..track });
        }
        let mut made: Vec<Track> = made.into_iter().flatten().collect();
        self.master(node, &mut made, &cx)?;
        Ok(made)
    }

    /// What the tracks play, then what their effects make of it: those may read every track, as may what comes after.
    fn channels<'n>(&mut self, tracks: &'n [Param], cx: &Context) -> Result<(Vec<Channel<'n>>, Context)> {
        let (mut channels, mut faults) = (vec![], vec![]);
        let mut env = cx.env.clone();
        for (number, track) in tracks.iter().enumerate() {
            let Some(node) = node_of(track) else { continue };
            self.soloed |= is_set(node, "solo");
            let here = Context { env: env.clone(), ..cx.clone() };
            let signal = self.required(node, "signal").and_then(|signal| self.param(signal, node, &here));
            match signal {
                Ok(wire) => {
                    env = env.with(&track.name, Bound::Wire(0, wire));
                    let place = StripPlace { number, track: host_track(number), part: StripPart::Fader };
                    channels.push(Channel { name: &track.name, node, place, dry: wire, wire });
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        let here = Context { env, ..cx.clone() };
        for channel in &mut channels {
            match self.chain(channel.node, "inserts", channel.wire, &here) {
                Ok(wire) => {
                    channel.wire = self.recorded(channel.name, false, &channel.node.path)?.unwrap_or(wire);
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        if faults.is_empty() { Ok((channels, here)) } else { Err(Failed(faults)) }
    }

    /// The fader of a track or bus, its sends, and where it goes.
    fn channel(
        &mut self,
        channel: &Channel,
        role: Role,
        buses: &[&str],
        feeds: &mut [Feeds],
        cx: &Context,
    ) -> Result<Track> {
        let Channel { name, node, place, dry, wire } = *channel;
        let safe = (role == Role::Bus).then_some(("solo_safe", Value::Flag(true)));
        let fader = with(node, safe);
        let out = match self.recorded(name, true, &node.path)?.filter(|_| role == Role::Track) {
            // What the text says of the fader is in the recording; the host's comes on top.
            Some(wire) => {
                let switches = ["mute", "solo", "solo_safe"].map(|name| (name, value_of(&fader, name)));
                self.strip(
                    &with(&strip_node(node.path.clone(), node.span, vec![]), switches),
                    wire,
                    place,
                    cx,
                )?
            }
            None => self.strip(&fader, wire, place, cx)?,
        };
        for (bus, bus_name) in buses.iter().enumerate() {
            let written = parts(node, "sends").iter().find(|send| send.name == *bus_name).and_then(node_of);
            let host = place.track.and((bus < HOST_SENDS).then_some(bus as u8));
            if written.is_none() && host.is_none() {
                continue;
            }
            let pre_fader = written.is_some_and(|send| is_set(send, "pre_fader"));
            let level = written.map_or(Value::Number(CLOSED), |send| value_of(send, "level"));
            let switches = ["mute", "solo", "solo_safe"].map(|name| (name, value_of(&fader, name)));
            let gain = [("gain", level)].into_iter().chain(switches);
            let span = written.map_or(node.span, |send| send.span);
            let send = with(&strip_node(format!("{}.sends.{bus_name}", node.path), span, vec![]), gain);
            let part = StripPart::Send { bus: host, pre_fader };
            let from = if pre_fader { wire } else { out };
            feeds[bus].push(self.strip(&send, from, StripPlace { part, ..place }, cx)?);
        }
        let output = match route(node, buses)? {
            Route::Out(output) => output,
            Route::Bus(bus) => {
                feeds[bus].push(out);
                Output::Inside
            }
        };
        let stereo =
            wire.is_stereo() || written(node, "pan").is_some() || written(node, "polarity").is_some();
        let (name, said) = (name.to_owned(), Said::default());
        Ok(Track { name, wire: out, dry, inserted: wire, role, output, stereo, said })
    }

    /// What goes to the main output goes through the master's effects instead, if it has any.
    fn master(&mut self, node: &Node, made: &mut Vec<Track>, cx: &Context) -> Result<()> {
        if !matches!(value_of(node, "master"), Value::List(effects) if !effects.is_empty()) {
            return Ok(());
        }
        let mut inputs = vec![];
        let mut stereo = false;
        for track in made.iter_mut().filter(|track| track.output == Output::Main) {
            track.output = Output::Inside;
            inputs.push(track.wire);
            stereo |= track.stereo;
        }
        let all = (0..inputs.len()).collect();
        let sum = self.push(What::Sum, inputs, 2, Ends::AllOf(all), format!("{}.master.sum", node.path));
        let first = self.scope().plan.ops.len();
        let wire = self.chain(node, "master", sum, cx)?;
        let ops = first..self.scope().plan.ops.len();
        self.master = Some(MasterOps { ops, input: sum, output: wire });
        let (role, output) = (Role::Master, Output::Main);
        let (name, said) = ("master".into(), Said::default());
        made.push(Track { name, wire, dry: sum, inserted: wire, role, output, stereo, said });
        Ok(())
    }

    /// Effects one behind the other.
    fn chain(&mut self, node: &Node, name: &str, input: Wire, cx: &Context) -> Result<Wire> {
        let Value::List(effects) = value_of(node, name) else { return Ok(input) };
        let mut wire = input;
        for (effect, _) in &effects {
            let Value::Node(effect) = effect else { continue };
            let env = cx.env.with(INPUT, Bound::Wire(0, wire));
            wire = self.node(effect, &Context { env, ..cx.clone() })?;
        }
        Ok(wire)
    }

    /// The kernel of a fader or of a send.
    fn strip(&mut self, node: &Node, input: Wire, place: StripPlace, cx: &Context) -> Result<Wire> {
        let env = cx.env.with(INPUT, Bound::Wire(0, input));
        let kind = ExprKind::Name { name: INPUT.to_owned(), dollar: true };
        let signal = Value::Expr(Expr { kind, span: node.span }.into());
        let wire =
            self.kernel_node(&strip::DEF, &with(node, [("signal", signal)]), &Context { env, ..cx.clone() })?;
        for op in wire.ops() {
            if let What::Node(recipe) = &mut self.scope().plan.ops[op].what {
                recipe.strip = Some(place);
            }
        }
        Ok(wire)
    }

    fn check_names(&mut self, tracks: &[Param], buses: &[Param]) -> Result<()> {
        let mut faults = vec![];
        for bus in buses {
            let name = bus.name.as_str();
            let twin = tracks.iter().find(|track| track.name == name);
            if let Some(track) = twin {
                let message = format!("`{name}` is a track and a bus");
                let error = Diagnostic::error("name-clash", bus.key_span, message);
                faults.push(error.related(track.key_span, "the track").hint("rename one of the two"));
            }
            if name == "main" || name == "master" || name.parse::<f64>().is_ok() {
                let message = format!("a bus cannot be called `{name}`: that is an output");
                faults.push(
                    Diagnostic::error("reserved-name", bus.key_span, message).hint("give it another name"),
                );
            }
        }
        if let Some(track) = tracks.get(STRIPS) {
            let message = format!(
                "the host has controls for {STRIPS} tracks: `{}` and those after it follow their text alone",
                track.name
            );
            self.notes.push(Diagnostic::note("more-tracks", track.key_span, message));
        }
        if faults.is_empty() { Ok(()) } else { Err(Failed(faults)) }
    }
}

/// The number of a track among those that the host controls.
fn host_track(number: usize) -> Option<u8> {
    (number < STRIPS).then_some(number as u8)
}

/// What is written about a track or bus that may go to these buses.
fn said(channel: &Channel, buses: Vec<&str>) -> Said {
    let value = |name| written(channel.node, name).map(|param| &param.value);
    let color = if let Some(Value::Color(color)) = value("color") { Some(*color) } else { None };
    let width = match value("width") {
        _ if !channel.wire.is_stereo() => Width::Mono,
        None => Width::Fixed(1.0),
        Some(Value::Number(width)) => Width::Fixed(*width),
        Some(_) => Width::Computed,
    };
    let out = text(channel.node, "out").unwrap_or("main").to_owned();
    let buses = buses.into_iter().map(str::to_owned).collect();
    Said { color, width, to: Some(Destination { out, buses }) }
}

fn strip_node(path: String, span: Span, params: Vec<Param>) -> Node {
    Node {
        spec: &strip::DEF.spec,
        id: None,
        path,
        duration: None,
        monitor: false,
        feedback: None,
        params,
        span,
    }
}

/// A strip with what a node says about its fader, and more.
fn with(node: &Node, more: impl IntoIterator<Item = (&'static str, Value)>) -> Node {
    const ELSEWHERE: &[&str] = &["signal", "sends", "inserts", "out", "color"];
    let spec = &strip::DEF.spec;
    let declared = |name: &str| spec.param(name).map(|(index, _)| index);
    let own = node.params.iter().filter(|p| !ELSEWHERE.contains(&p.name.as_str()));
    let mut params: Vec<Param> = own.map(|p| Param { declared: declared(&p.name), ..p.clone() }).collect();
    for (name, value) in more {
        params.retain(|p| p.name != name);
        if !matches!(value, Value::Null) {
            let (key_span, span) = (node.span, node.span);
            params.push(Param { name: name.to_owned(), declared: declared(name), value, key_span, span });
        }
    }
    strip_node(node.path.clone(), node.span, params)
}
