//! The whole window on a stage: with everything by its name and role, as programs that read it aloud see it, and as a picture.

use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, HarnessBuilder};

use super::*;

/// What is on the stage, and what was asked for since the last look.
pub struct Play {
    pub snapshot: Snapshot,
    pub levels: Levels,
    pub loudness: Loudnesses,
    pub host: HostParams,
    pub preferences: Preferences,
    pub follows: [Follows; 16],
    pub silenced: Vec<String>,
    pub panes: Panes,
    pub messages: Vec<Message>,
    pub turns: Vec<Turn>,
    pub forget: Option<Forget>,
    pub exports: Vec<Entry>,
    pub foretold: Foretold,
    pub recording: Recording,
    pub recorded: Option<Recorded>,
    pub exporting: Option<Exporting>,
    pub outside: Option<std::path::PathBuf>,
    /// What plays behind it, where something does.
    pub behind: Option<(Arc<Session>, crate::engine::Geared)>,
    pub tiers: Tiers,
}

impl Play {
    pub fn of(snapshot: Snapshot) -> Play {
        Play {
            snapshot,
            levels: Levels::default(),
            loudness: Loudnesses::default(),
            host: desk(),
            preferences: Preferences { still: true, ..Preferences::default() },
            follows: Default::default(),
            silenced: vec![],
            panes: Panes::default(),
            messages: vec![],
            turns: vec![],
            forget: None,
            exports: vec![],
            foretold: Foretold::Nothing,
            recording: Recording::default(),
            recorded: None,
            exporting: None,
            outside: None,
            behind: None,
            tiers: Tiers::default(),
        }
    }

    /// So loud is everything.
    pub fn loud(mut self, main: f32, strips: &[f32]) -> Play {
        let pairs: Vec<[f32; 2]> = strips.iter().map(|x| [*x, *x * 0.8]).collect();
        let means = pairs.iter().map(|pair| pair.map(|x| x * 0.4)).collect();
        let now = crate::session::Levels {
            main: [main, main * 0.9],
            main_means: [main * 0.4; 2],
            strips: pairs,
            means,
            ..Default::default()
        };
        self.levels.follow(&now, 0.03);
        self
    }

    fn frame(&mut self, ui: &mut Ui) {
        theme::follow(ui.ctx(), self.preferences.look, self.preferences.still);
        let scene = Scene {
            snapshot: &self.snapshot,
            levels: &self.levels,
            loudness: self.loudness,
            busy: Busy { average: 0.125, worst: 0.4 },
            voices: 7,
            rate: 48_000.0,
            samples: SAMPLES,
            silenced: &self.silenced,
            host: &self.host,
            follows: &self.follows,
            performance: Performance::default(),
            tiers: self.tiers,
            plays_otherwise: self.tiers.live != Quality::Normal,
            preferences: &self.preferences,
            exports: &self.exports,
            foretold: &self.foretold,
            recording: &self.recording,
        };
        let asked = draw(ui, &scene, &mut self.panes);
        asked.turns.iter().for_each(|to| turn(&self.host, to.control, to.share));
        self.turns.extend(asked.turns);
        self.messages.extend(asked.messages);
        self.tiers = asked.tiers.unwrap_or(self.tiers);
        self.exporting = asked.export.or(self.exporting.take());
        self.recorded = asked.recorded.or(self.recorded.take());
        self.outside = asked.outside.or(self.outside.take());
        self.forget = asked.forget.or(self.forget);
        self.preferences = asked.preferences.unwrap_or(std::mem::take(&mut self.preferences));
    }
}

/// The window at its first size.
pub fn stage(play: Play) -> Harness<'static, Play> {
    stage_of(Harness::builder().with_size(vec2(SIZE.0, SIZE.1)), play)
}

pub fn stage_of(builder: HarnessBuilder<Play>, play: Play) -> Harness<'static, Play> {
    let builder = builder.with_max_steps(8).with_step_dt(1.0 / 30.0).with_context_setup(Editor::dress);
    builder.build_ui_state(|ui, play: &mut Play| play.frame(ui), play)
}

#[test]
fn window_tabs_lead_to_their_panes() {
    let mut stage = stage(Play::of(plain()));
    for (tab, there) in
        [("Mixer", "Level of the output"), ("Settings", "Reduced"), ("Text", "Text of a.yaml")]
    {
        stage.get_by_label(tab).click();
        stage.run();
        assert!(stage.query_by_label(there).is_some(), "{tab} has no {there}");
    }
    assert!(stage.query_by_label("Path of a library").is_some());
    stage.get_by_label("Browser").click();
    stage.run();
    assert!(stage.query_by_label("Path of a library").is_none(), "the browser is hidden");
    assert!(!stage.state().preferences.browser);
}

#[test]
fn window_small_has_its_sides_as_tabs() {
    let size = vec2(LEAST.0, LEAST.1);
    let mut stage = stage_of(Harness::builder().with_size(size), Play::of(plain()));
    assert!(stage.query_by_label("Path of a library").is_none());
    stage.get_by_label("Browser").click();
    stage.run();
    assert!(stage.query_by_label("Path of a library").is_some());
    for node in stage.root().children_recursive() {
        if let Some(bounds) = node
            .accesskit_node()
            .bounding_box()
            .filter(|_| node.accesskit_node().role() == egui::Role::Button)
        {
            assert!(bounds.x1 <= f64::from(size.x) + 1.0, "{node:?} is cut off");
        }
    }
}

#[test]
fn window_everything_is_reached_with_the_keyboard_alone() {
    let mut stage = stage(Play::of(plain()));
    stage.state_mut().panes.tab = Tab::Mixer;
    stage.run();
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..80 {
        stage.key_press(Key::Tab);
        stage.run();
        let focused = stage.root().children_recursive().find(|node| node.is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for name in [
        "Level of drums",
        "Pan of bass",
        "Mute drums",
        "Solo bass",
        "Level of the output",
        "kick",
        "Mixer",
        "Open",
    ] {
        assert!(reached.contains(name), "{name} is not among {reached:#?}");
    }
}
