//! The graph: what is drawn of a sound, where a click leads, and that the levels are those of what plays.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::session::{Graph, PresetPlace};

/// A sound of its own, as the loader draws it.
fn drawn(text: &str) -> (Arc<Session>, crate::engine::Geared) {
    let folder = std::env::temp_dir().join(format!("seiche-graph-{}-{}", std::process::id(), text.len()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("song.yaml");
    std::fs::write(&path, text).unwrap();
    let session = Session::with_presets(None);
    let engine = session.engine(48_000.0);
    session.send(Message::Open(path));
    assert!(session.settle(Duration::from_secs(60)));
    assert_eq!(session.snapshot().status, Status::Playing, "{:?}", session.snapshot().findings);
    let _ = std::fs::remove_dir_all(folder);
    (session, engine)
}

const SONG: &str = "seiche: 1
song:
  mix:
    low:
      filter:
        type: lowpass
        cutoff: 800
        signal: {osc: {type: saw, freq: 110, amp: 0.5}}
    keys:
      midi_in:
        signal:
          filter: {cutoff: 2000, monitor: true, signal: {osc: {type: saw, freq: freq, amp: 0.25}}}
";

fn titles(graph: &Graph) -> Vec<String> {
    graph.nodes.iter().map(|node| node.title()).collect()
}

fn run(engine: &mut crate::engine::Geared, events: &[crate::engine::Event], blocks: usize) -> Vec<[f32; 2]> {
    let mut heard = vec![];
    for block in 0..blocks {
        let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
        let io = crate::engine::Io {
            sidechain: None,
            main: [&mut left, &mut right],
            aux: &mut [],
            stems: &mut [],
        };
        engine.process(io, if block == 0 { events } else { &[] }, None);
        heard.extend(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
    }
    heard
}

fn note() -> crate::engine::Event {
    let what = crate::engine::What::NoteOn { channel: 0, key: 57, note: -1, velocity: 1.0 };
    crate::engine::Event { at: 0, what }
}

#[test]
fn graph_draws_what_runs_with_its_cables_and_lines() {
    let (session, _engine) = drawn(SONG);
    let graph = session.snapshot().graph.clone();
    let titles = titles(&graph);
    let place = |title: &str| titles.iter().position(|known| known == title);
    let lines =
        [("filter of mix.low", 5), ("midi_in of mix.keys", 10), ("filter of mix.keys.midi_in.signal", 12)];
    for (title, line) in lines {
        let at = place(title).unwrap_or_else(|| panic!("{title} is not among {titles:#?}"));
        assert_eq!(graph.nodes[at].place.as_ref().map(|(_, line)| *line), Some(line), "{title}");
        assert_eq!(graph.nodes[at].monitored, title == "filter of mix.keys.midi_in.signal");
    }
    let leads = |from: &str, to: &str| {
        let (from, to) = (place(from), place(to));
        graph.cables.iter().any(|cable| Some(cable.from) == from && Some(cable.to) == to && !cable.back)
    };
    assert!(leads("osc of mix.low.filter.signal", "filter of mix.low"), "{titles:#?} {:?}", graph.cables);
    assert!(leads("filter of mix.keys.midi_in.signal", "midi_in of mix.keys"), "out of the voices");
    assert!(!leads("osc of mix.low.filter.signal", "midi_in of mix.keys"));
    let to_strips = graph.cables.iter().filter(|cable| graph.nodes[cable.to].kind == "strip").count();
    assert_eq!(to_strips, 2);
}

#[test]
fn graph_draws_what_comes_around() {
    let (session, _engine) = drawn(
        "seiche: 1\nsong:\n  filter:\n    id: around\n    cutoff: 500\n    signal: {osc: {type: saw, freq: around * 10 + 100, amp: 0.2}}\n",
    );
    let graph = session.snapshot().graph.clone();
    let kind = |n: usize| graph.nodes[n].kind;
    let back: Vec<_> = graph.cables.iter().filter(|cable| cable.back).collect();
    assert!(
        back.iter().any(|cable| (kind(cable.from), kind(cable.to)) == ("filter", "osc")),
        "{:?} {:?}",
        titles(&graph),
        graph.cables
    );
}

#[test]
fn graph_levels_are_those_of_the_nodes_and_change_no_sound() {
    let (session, mut engine) = drawn(SONG);
    let (_other, mut unseen) = drawn(SONG);
    let (meters, graph) = (session.meters().unwrap(), session.snapshot().graph.clone());
    let mut pane = crate::editor::graph::Pane::default();
    pane.follow(&graph, &meters, 0.03);
    let heard = run(&mut engine, &[note()], 20);
    assert_eq!(heard, run(&mut unseen, &[note()], 20), "to the bit");
    let level = |title: &str| graph.find(title).unwrap().lamp.take();
    let low = level("osc of mix.low.filter.signal");
    assert!((0.4..=0.6).contains(&low), "{low}");
    let voice = level("osc of mix.keys.midi_in.signal.filter.signal");
    assert!((0.2..=0.4).contains(&voice), "{voice}");
    // Nobody has looked for a while.
    run(&mut engine, &[], 60);
    graph.nodes.iter().for_each(|node| _ = node.lamp.take());
    run(&mut engine, &[], 4);
    assert_eq!(level("osc of mix.low.filter.signal"), 0.0);
}

#[test]
fn scope_shows_the_signal_of_a_node_also_after_an_edit_elsewhere() {
    let (session, mut engine) = drawn(SONG);
    let meters = session.meters().unwrap();
    let mut scope = crate::editor::scope::Scope::default();
    scope.show("filter of mix.keys.midi_in.signal".into());
    let look = |scope: &mut crate::editor::scope::Scope| {
        scope.follow(&meters, session.drums(), &session.snapshot().graph);
    };
    look(&mut scope);
    run(&mut engine, &[note()], 10);
    look(&mut scope);
    let loud = |heard: &[[f32; 2]]| heard.iter().fold(0.0f32, |most, frame| most.max(frame[0].abs()));
    assert_eq!(scope.heard().len(), 4_800, "every frame, once");
    assert!((0.1..=0.5).contains(&loud(scope.heard())), "{}", loud(scope.heard()));
    // The voices go on, with the graph that they had.
    let file = session.snapshot().texts.files[0].path.clone();
    session.send(Message::Edit { file, text: SONG.replace("cutoff: 800", "cutoff: 300").into() });
    assert!(session.settle(Duration::from_secs(60)));
    run(&mut engine, &[], 10);
    look(&mut scope);
    let before = scope.heard().len();
    run(&mut engine, &[], 10);
    look(&mut scope);
    assert_eq!(scope.heard().len(), before + 4_800);
    assert!(loud(&scope.heard()[before..]) > 0.1, "the note is held");
}

#[test]
fn graph_click_leads_to_the_line_or_the_signal() {
    let (session, _engine) = drawn(SONG);
    let mut play = Play::of(Snapshot::clone(&session.snapshot()));
    play.panes.tab = Tab::Graph;
    let graph = play.snapshot.graph.clone();
    let loud = graph.nodes.iter().map(|_| 0.5).collect::<Vec<_>>();
    play.panes.graph.fill(&graph, &loud);
    let mut stage = stage(play);
    assert_eq!(stage.get_by_label("filter of mix.low").value().as_deref(), Some("-6.0 dB"));
    stage.get_by_label("filter of mix.low").click();
    stage.run();
    assert_eq!(stage.state().panes.tab, Tab::Source);
    stage.get_by_label("Graph").click();
    stage.run();
    stage.get_by_label("its signal").click();
    stage.run();
    // With the keyboard alone.
    stage.get_by_label("osc of mix.low.filter.signal").focus();
    stage.run();
    stage.key_press(Key::Enter);
    stage.run();
    assert_eq!(stage.state().panes.tab, Tab::Scope);
    assert!(stage.query_by_label("Shows: osc of mix.low.filter.signal").is_some());
    // What is monitored stands in the list by itself.
    stage.get_by_label("Shows: osc of mix.low.filter.signal").click();
    stage.run();
    stage.get_by_label("filter of mix.keys.midi_in.signal").click();
    stage.run();
    assert!(stage.query_by_label("Shows: filter of mix.keys.midi_in.signal").is_some());
    stage.state_mut().snapshot.graph = Default::default();
    stage.run();
    assert!(stage.query_by_label("Shows: Output").is_some(), "that node is gone");
}

/// A sound of the factory, with levels.
pub fn sounding() -> Play {
    let session = Session::with_presets(None);
    let _engine = session.engine(48_000.0);
    session.send(Message::Preset(crate::session::Pick::At(PresetPlace::Factory("Song"))));
    assert!(session.settle(Duration::from_secs(60)));
    let mut play = Play::of(Snapshot::clone(&session.snapshot()));
    play.panes.tab = Tab::Graph;
    let graph = play.snapshot.graph.clone();
    let levels: Vec<f32> = (0..graph.nodes.len()).map(|n| [0.0, 0.5, 0.1, 0.9][n % 4]).collect();
    play.panes.graph.fill(&graph, &levels);
    play
}

#[test]
fn mixer_tells_how_far_dynamics_take_a_strip_back() {
    let text = "seiche: 1
song:
  mixer:
    tracks:
      low: {signal: {osc: {freq: 110, amp: 1}}, inserts: [{compressor: {threshold: -12 dB, ratio: 4, knee: 0}}]}
      high: {signal: {osc: {freq: 880, amp: 1}}}
";
    let (session, mut engine) = drawn(text);
    let (meters, snapshot) = (session.meters().unwrap(), session.snapshot());
    meters.nodes.look();
    run(&mut engine, &[], 40);
    let mut levels = Levels::default();
    levels.take_back(&snapshot.strips, &snapshot.graph);
    let low = levels.taken[0].unwrap();
    assert!((crate::units::gain_to_db(low.into()) + 8.5).abs() < 1.0, "{low}");
    assert_eq!(levels.taken[1], None, "nothing takes that one back");
    let mut play = Play::of(Snapshot::clone(&snapshot));
    play.panes.tab = Tab::Mixer;
    play.levels = levels;
    let stage = stage(play);
    assert!(stage.query_by_label_contains("Gain reduction of low: -").is_some());
    assert!(stage.query_by_label_contains("Gain reduction of high").is_none());
}
