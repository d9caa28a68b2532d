//! Presets from the host: by parameter, program change and its browser; and what it is told.

use clap_sys::ext::preset_load::clap_plugin_preset_load;
use clap_sys::factory::preset_discovery::{
    CLAP_PRESET_DISCOVERY_LOCATION_FILE, CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN,
};

use super::*;
use crate::session::{Status, factory};

fn plays(name: &'static str) -> impl Fn(&Snapshot) -> bool {
    move |seen| seen.status == Status::Playing && seen.preset.is_some_and(|at| seen.presets[at].name == name)
}

#[test]
fn preset_parameters_step_once_for_each_press_and_fall_back() {
    let plugin = Instance::new();
    let (next, previous) = (plugin.id("Preset Next"), plugin.id("Preset Previous"));
    // Automation that says the same again and again is one press.
    let (_, out) = plugin.play(64, vec![value(3, next, 1.0), value(9, next, 1.0)]);
    assert_eq!((out.len(), plugin.value(next)), (0, 0.0));
    plugin.until("next", plays("Drums"));
    let out: Vec<Out> = (0..20).flat_map(|_| plugin.play(512, vec![]).1).collect();
    assert!(matches!(out[..], [(_, CLAP_EVENT_PARAM_VALUE, id, 0.0)] if id == next), "{out:?}");
    plugin.play(64, vec![value(0, next, 1.0), value(1, next, 0.0), value(2, next, 1.0)]);
    plugin.until("twice", plays("Song"));
    plugin.play(64, vec![value(0, previous, 1.0)]);
    plugin.until("previous", plays("Synth"));
    assert!(plugin.told().dirty > 0, "the host's project is not as it was saved");
}

#[test]
fn preset_parameters_work_without_audio() {
    let plugin = Instance::new();
    let next = plugin.id("Preset Next");
    let events = vec![value(0, next, 1.0)];
    let mut out: Vec<Out> = Vec::with_capacity(8);
    let input = clap_input_events {
        ctx: (&raw const events).cast_mut().cast(),
        size: Some(in_size),
        get: Some(in_get),
    };
    let output = clap_output_events { ctx: (&raw mut out).cast(), try_push: Some(out_push) };
    let params: &clap_plugin_params = plugin.extension(CLAP_EXT_PARAMS);
    // SAFETY: as a host does it.
    unsafe { params.flush.unwrap()(plugin.plugin, &raw const input, &raw const output) };
    assert_eq!(out, [(0, CLAP_EVENT_PARAM_VALUE, next, 0.0)]);
    plugin.until("next", plays("Drums"));
}

#[test]
fn preset_follows_program_changes_and_banks() {
    let plugin = Instance::new();
    plugin.play(64, vec![midi(0, [0xc0, 1, 0])]);
    plugin.until("program 2", plays("Synth"));
    plugin.play(64, vec![midi(0, [0xb5, 0, 1]), midi(1, [0xc5, 0, 0])]);
    std::thread::sleep(Duration::from_millis(200));
    assert!(plays("Synth")(&plugin.session().snapshot()), "there is nothing in that bank");
    plugin.play(64, vec![midi(0, [0xb5, 0, 0]), midi(1, [0xc5, 0, 0])]);
    plugin.until("program 1", plays("Drums"));
}

#[test]
fn preset_load_opens_what_the_host_names_and_tells_it() {
    let scratch = Scratch::new("preset-load");
    let plugin = Instance::new();
    let load: &clap_plugin_preset_load = plugin.extension(CLAP_EXT_PRESET_LOAD);
    let from = |kind, location: Option<&CStr>, key: Option<&CStr>| {
        let pointer = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
        // SAFETY: as a host does it.
        let done =
            unsafe { load.from_location.unwrap()(plugin.plugin, kind, pointer(location), pointer(key)) };
        assert!(plugin.session().settle(LIMIT));
        plugin.main();
        (done, plugin.told().presets)
    };
    let shipped = CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN;
    let key = Some(c"Synth".to_owned());
    assert_eq!(from(shipped, None, key.as_deref()), (true, vec![(shipped, None, key, None)]));
    assert!(plays("Synth")(&plugin.session().snapshot()));
    let (done, told) = from(shipped, None, Some(c"Kazoo"));
    assert!(!done && told[0].3.as_ref().is_some_and(|reason| reason.contains("Kazoo")), "{told:?}");
    // A file of the user's that stands for its folder, and brings sounds of another file with it.
    let file = |name: &str, text: &str| {
        let path = scratch.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        CString::new(path.to_str().unwrap()).unwrap()
    };
    file("Night/parts.yaml", "part: {osc: {freq: 100}}\n");
    let night = file("Night/night.yaml", "seiche: 1\nabout: {sound: b}\na: {osc: {}}\nb: {part: {}}\n");
    let files = CLAP_PRESET_DISCOVERY_LOCATION_FILE;
    assert_eq!(from(files, Some(&night), None), (true, vec![(files, Some(night.clone()), None, None)]));
    let seen = plugin.session().snapshot();
    assert_eq!((seen.sound.as_str(), seen.sounds.len()), ("b", 3));
    let broken = file("broken.yaml", "a: {osc: {frek: 1}}\n");
    let (done, told) = from(files, Some(&broken), None);
    assert!(done && told[0].3.as_ref().is_some_and(|reason| reason.contains("frek")), "{told:?}");
    let gone = CString::new(scratch.0.join("gone.yaml").to_str().unwrap()).unwrap();
    let (done, told) = from(files, Some(&gone), None);
    assert!(!done && told[0].1 == Some(gone) && told[0].3.is_some(), "{told:?}");
}

#[test]
fn preset_and_edits_mark_the_project_as_changed() {
    let scratch = Scratch::new("marks-dirty");
    let plugin = Instance::with(&scratch, "tone: {osc: {freq: 100}}\n");
    assert_eq!(plugin.told().dirty, 1, "a library was opened");
    let path = scratch.0.join("library.yaml").display().to_string();
    let heard = |freq: u32| Message::Edit {
        file: path.clone(),
        text: format!("tone: {{osc: {{freq: {freq}}}}}\n").into(),
    };
    let marks = |message: Message| {
        plugin.session().send(message);
        plugin.settle();
        plugin.told().dirty
    };
    assert_eq!((marks(heard(200)), marks(heard(200))), (1, 0), "only what is new");
    assert_eq!((marks(Message::Undo), marks(Message::Redo)), (1, 1));
    let typed = crate::session::File { path: path.clone(), text: "tone: {".into() };
    plugin.session().keep_typed(vec![typed]);
    plugin.main();
    assert_eq!(plugin.told().dirty, 1, "typed, and saved with the project");
    plugin.session().bind(0, None);
    plugin.main();
    assert_eq!(plugin.told().dirty, 1, "a controller was forgotten");
    assert_eq!(marks(Message::Preset(crate::session::Pick::Step(1))), 1);
    assert!(factory().len() > 1);
}
