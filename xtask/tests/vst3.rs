//! The built VST3 in `vst3-host`, a host that we did not write: exact offsets, buses switched off, offline mode, state.

mod common;

use common::*;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use vst3_host::audio::{BusAudioBuffers, BusDirection, MediaType};
use vst3_host::midi::{MidiChannel, MidiController, NoteExpressionType, PluginEventData};
use vst3_host::plugin::{Plugin, ProcessMode};
use vst3_host::{Vst3Host, discovery};
use xtask::state::Patch;
use xtask::wav;

const BLOCK: usize = 480;

/// An instance with its buffers.
struct Player {
    plugin: Plugin,
    buffers: Option<BusAudioBuffers>,
    /// Key and frame of every note that came out.
    sent: Vec<(i16, usize)>,
}

/// What happens at a frame of a render.
#[derive(Clone, Copy, Debug)]
enum Act {
    On(u8),
    Parameter(u32, f64),
    Tune(f64),
    Express(NoteExpressionType, f64),
    /// A note on a channel, from 0.
    OnChannel(u8, u8),
    /// A controller of a channel (129 is the bend wheel), and where it is moved, 0..1.
    Controller(u8, MidiController, f64),
}

/// The tests run one after the other: a VST3 module is entered and left for the whole process.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The class id of the plug-in with this name; looked up once, as hosts do.
fn class(name: &str) -> String {
    static CLASSES: OnceLock<Vec<discovery::ClassInfo>> = OnceLock::new();
    let all = CLASSES.get_or_init(|| discovery::get_detailed_plugin_info(&bundles().vst3).unwrap().classes);
    let found = all.iter().find(|c| c.category == "Audio Module Class" && c.name == name);
    found.unwrap_or_else(|| panic!("no '{name}' in {all:?}")).class_id.clone()
}

const NAMES: [&str; 2] = ["Seiche", "Seiche Multi"];

impl Player {
    /// A fresh instance, set up but not yet processing.
    fn open(name: &str, path: &Path) -> Player {
        let mut host = Vst3Host::builder().sample_rate(48_000.0).block_size(BLOCK).build().unwrap();
        let plugin = host.load_plugin_class(path, &class(name)).unwrap();
        Player { plugin, buffers: None, sent: vec![] }
    }

    /// An instance that plays this sound as a bounce.
    fn with(name: &str, sound: &str) -> Player {
        let mut player = Player::open(name, &bundles().vst3);
        player.load(sound);
        player.plugin.set_process_mode(ProcessMode::Offline).unwrap();
        player
    }

    fn load(&mut self, sound: &str) {
        self.load_patch(&patch(sound));
    }

    fn load_patch(&mut self, patch: &Patch) {
        // The CLAP's state is the VST3 component's state.
        let base = open().instance(SEICHE).unwrap().save().unwrap();
        self.plugin.load_state(&patch.into_state(&base).unwrap()).unwrap();
    }

    /// Plays from a fresh start; returns the output buses.
    fn play(&mut self, acts: &[(usize, Act)], sidechain: &[f32], frames: usize) -> Vec<Vec<Vec<f32>>> {
        self.plugin.start_processing().unwrap();
        let buffers = self.plugin.create_bus_audio_buffers(BLOCK).unwrap();
        let mut buses: Vec<Vec<Vec<f32>>> =
            buffers.outputs.iter().map(|b| vec![Vec::new(); b.channels.len()]).collect();
        let buffers = self.buffers.insert(buffers);
        let mut note = None;
        for start in (0..frames).step_by(BLOCK) {
            for (at, act) in acts.iter().filter(|(at, _)| (start..start + BLOCK).contains(at)) {
                let offset = (at - start) as i32;
                match *act {
                    Act::On(key) => {
                        note = Some(self.plugin.note_on_at(MidiChannel::Ch1, key, 100, offset).unwrap())
                    }
                    Act::OnChannel(channel, key) => {
                        let channel = MidiChannel::from_index(channel).unwrap();
                        self.plugin.note_on_at(channel, key, 100, offset).unwrap();
                    }
                    Act::Controller(channel, number, value) => {
                        let channel = MidiChannel::from_index(channel).unwrap();
                        self.plugin.send_midi_controller_at(0, channel, number, value, offset).unwrap();
                    }
                    Act::Parameter(id, value) => self.plugin.set_parameter_at(id, value, offset).unwrap(),
                    Act::Tune(value) => {
                        let kind = NoteExpressionType::Tuning;
                        self.plugin.send_note_expression_at(note.unwrap(), kind, value, offset).unwrap();
                    }
                    Act::Express(kind, value) => {
                        self.plugin.send_note_expression_at(note.unwrap(), kind, value, offset).unwrap();
                    }
                }
            }
            if let Some(bus) = buffers.inputs.first_mut().filter(|b| b.active) {
                for channel in &mut bus.channels {
                    for (i, sample) in channel.iter_mut().enumerate() {
                        *sample = sidechain.get(start + i).copied().unwrap_or(0.0);
                    }
                }
            }
            self.plugin.process_bus_audio(buffers).unwrap();
            for event in self.plugin.take_output_events() {
                if let PluginEventData::NoteOn { pitch, .. } = event.data {
                    self.sent.push((pitch, start + event.sample_offset as usize));
                }
            }
            for (bus, kept) in buffers.outputs.iter().zip(&mut buses) {
                for (channel, kept) in bus.channels.iter().zip(kept) {
                    kept.extend_from_slice(channel);
                }
            }
        }
        self.plugin.stop_processing().unwrap();
        buses
    }

    fn parameter(&self, name: &str) -> u32 {
        self.plugin.find_parameter(name).unwrap().id
    }
}

#[test]
fn vst3_buses_are_as_promised() {
    let _alone = alone();
    for (name, outputs) in [("Seiche", 1), ("Seiche Multi", 17)] {
        let player = Player::open(name, &bundles().vst3);
        let layout = player.plugin.audio_bus_layout().unwrap();
        assert_eq!((layout.inputs.len(), layout.outputs.len()), (1, outputs), "{name}");
        assert!(layout.inputs.iter().chain(&layout.outputs).all(|b| b.channel_count == 2), "{name}");
    }
}

#[test]
fn vst3_notes_and_automation_act_at_their_samples() {
    let _alone = alone();
    for name in NAMES {
        let mut player = Player::with(name, "keys");
        let gain = player.parameter("Gain");
        let played = player.play(&[(700, Act::On(69)), (6_100, Act::Parameter(gain, 0.0))], &[], 14_400);
        let main = &played[0];
        assert!(wav::finite(main));
        let onset = wav::onset(main, 0, 1e-6);
        assert!(onset.is_some_and(|o| (700..704).contains(&o)), "{name}: the note began at {onset:?}");
        let heard = wav::frequency(&main[0][1_500..6_000], 48_000.0);
        assert!((heard - 440.0).abs() < 0.5, "{name}: {heard} Hz");
        let steady = Player::with(name, "keys").play(&[(700, Act::On(69))], &[], 14_400);
        assert_eq!(main[0][..6_100], steady[0][0][..6_100], "{name}: nothing may happen before the change");
        assert!(
            main[0][6_100..6_400] != steady[0][0][6_100..6_400],
            "{name}: the change must begin at its sample"
        );
        assert!(wav::peak(&[main[0][12_000..].to_vec()]) < 1e-3, "{name}: and end in silence");
    }
}

#[test]
fn vst3_note_and_parameter_on_one_sample_both_count() {
    let _alone = alone();
    for acts in [
        |g| [(1_000, Act::On(69)), (1_000, Act::Parameter(g, 0.7))],
        |g| [(1_000, Act::Parameter(g, 0.7)), (1_000, Act::On(69))],
    ] {
        let mut player = Player::with("Seiche", "keys");
        let id = player.parameter("Macro 1");
        let played = player.play(&acts(id), &[], 4_800);
        let onset = wav::onset(&played[0], 0, 1e-6);
        assert!(onset.is_some_and(|o| (1_000..1_004).contains(&o)), "the note began at {onset:?}");
        let value = player.plugin.get_parameter(id).unwrap();
        assert!((value - 0.7).abs() < 1e-3, "the parameter is {value}");
    }
}

#[test]
fn vst3_tuning_bends_the_note() {
    let _alone = alone();
    // VST3 tuning: 0.5 is no change, the full range is ±120 semitones.
    let octave = 0.5 + 12.0 / 240.0;
    let mut player = Player::with("Seiche", "keys");
    let played = player.play(&[(0, Act::On(57)), (0, Act::Tune(octave))], &[], 9_600);
    let heard = wav::frequency(&played[0][0][2_400..9_000], 48_000.0);
    assert!((heard - 440.0).abs() < 1.0, "{heard} Hz where 220 Hz was tuned up by an octave");
}

#[test]
fn vst3_mpe_of_a_keyboard_is_understood() {
    let _alone = alone();
    let share = |seven: u8| f64::from(seven) / 127.0;
    // The keyboard says that it has a zone of 15 members that bend by an octave; then a note on channel 2, and its bend. The host hands each
    // on as a parameter of its own, so that those that go together come in blocks of their own.
    let said = [(0, 101, 0), (0, 100, 6), (0, 6, 15), (1, 101, 0), (1, 100, 0), (1, 6, 12)];
    let mut acts: Vec<(usize, Act)> = vec![];
    for (n, (channel, number, value)) in said.into_iter().enumerate() {
        acts.push((n * BLOCK, Act::Controller(channel, MidiController::Midi1(number), share(value))));
    }
    acts.push((4_000, Act::OnChannel(1, 57)));
    acts.push((12_000, Act::Controller(1, MidiController::Midi1(129), 1.0)));
    acts.push((12_000, Act::Controller(2, MidiController::Midi1(129), 0.0)));
    let played = Player::with("Seiche", "keys").play(&acts, &[], 24_000);
    for (range, hertz) in [(5_000..11_900, 220.0), (14_000..23_000, 440.0)] {
        let heard = wav::frequency(&played[0][0][range], 48_000.0);
        assert!((heard - hertz).abs() < 0.5, "{heard} Hz where {hertz} Hz belongs");
    }
}

#[test]
fn vst3_note_expressions_reach_the_note_at_their_samples() {
    let _alone = alone();
    for (key, kind, told, before, after) in [
        (61, NoteExpressionType::Brightness, 0.5, 0.0, 0.5),
        // VST3 has a volume of 1 at 0.25, CLAP at 1.
        (62, NoteExpressionType::Volume, 0.5, 0.25, 0.5),
        (63, NoteExpressionType::Pan, 0.25, 0.0, -0.5),
        (64, NoteExpressionType::Vibrato, 1.0, 0.0, 1.0),
    ] {
        let mut player = Player::with("Seiche", "touched");
        let played = player.play(&[(100, Act::On(key)), (1_003, Act::Express(kind, told))], &[], 2_400);
        let heard = |frame: usize| f64::from(played[0][0][frame]);
        assert!((heard(1_002) - before).abs() < 1e-4, "{kind:?}: {} before", heard(1_002));
        assert!(heard(1_003) != heard(1_002), "{kind:?} moves at its sample");
        assert!((heard(2_399) - after).abs() < 1e-4, "{kind:?}: {} after", heard(2_399));
    }
}

#[test]
fn vst3_inactive_buses_leave_the_rest_alone() {
    let _alone = alone();
    for name in NAMES {
        let mut player = Player::with(name, "strips");
        let count = player.plugin.audio_bus_layout().unwrap().outputs.len();
        let all_on = |player: &mut Player, on: bool| {
            for bus in 1..count as i32 {
                player.plugin.set_bus_active(MediaType::Audio, BusDirection::Output, bus, on).unwrap();
            }
        };
        all_on(&mut player, true);
        player.plugin.set_bus_active(MediaType::Audio, BusDirection::Input, 0, true).unwrap();
        let reference = player.play(&[], &[], 4_800);
        assert!(wav::peak(&reference[0]) > 0.1, "{name}");
        // The sidechain, each aux output, and all of them.
        for off in 0..=count as i32 {
            match off {
                0 => player.plugin.set_bus_active(MediaType::Audio, BusDirection::Input, 0, false).unwrap(),
                n if n < count as i32 => {
                    player.plugin.set_bus_active(MediaType::Audio, BusDirection::Output, n, false).unwrap();
                }
                _ => all_on(&mut player, false),
            }
            let played = player.play(&[], &[], 4_800);
            assert!(wav::finite(&played[0]), "{name}: bus {off} off");
            assert!(wav::peak(&played[0]) > 0.1, "{name}: the main output is silent with bus {off} off");
            all_on(&mut player, true);
            player.plugin.set_bus_active(MediaType::Audio, BusDirection::Input, 0, true).unwrap();
        }
    }
}

#[test]
fn vst3_sidechain_arrives_exactly() {
    let _alone = alone();
    let click: Vec<f32> = (0..4_800).map(|i| if i == 777 || i == 3_000 { 0.5 } else { 0.0 }).collect();
    for name in NAMES {
        let mut player = Player::with(name, "through");
        player.plugin.set_bus_active(MediaType::Audio, BusDirection::Input, 0, true).unwrap();
        let played = player.play(&[], &click, 4_800);
        let heard: Vec<usize> = (0..4_800).filter(|&i| played[0][0][i].abs() > 0.1).collect();
        assert_eq!(heard, [777, 3_000], "{name}");
    }
}

#[test]
fn vst3_trigger_plays_and_sends_a_note_at_every_stroke() {
    let _alone = alone();
    for (sound, late) in [("drummed", 0), ("drummed_exact", 480)] {
        let mut player = Player::with("Seiche", sound);
        player.plugin.set_bus_active(MediaType::Audio, BusDirection::Input, 0, true).unwrap();
        let played = player.play(&[], &strokes(), 48_000);
        assert_strokes(&format!("VST3, {sound}"), &played[0][0], &player.sent, late);
    }
}

#[test]
fn vst3_offline_mode_is_seen_at_the_first_activation() {
    let _alone = alone();
    // Without waiting for the loader the first block would be silent.
    let played = Player::with("Seiche", "tone").play(&[], &[], BLOCK);
    assert!(wav::peak(&played[0]) > 0.0, "the first block of a bounce is silent");
}

#[test]
fn vst3_state_moves_to_a_fresh_instance() {
    let _alone = alone();
    for name in NAMES {
        let mut first = Player::with(name, "keys");
        let before = first.play(&[(100, Act::On(60))], &[], 9_600);
        let saved = first.plugin.save_state().unwrap();
        let mut second = Player::open(name, &bundles().vst3);
        second.plugin.load_state(&saved).unwrap();
        second.plugin.set_process_mode(ProcessMode::Offline).unwrap();
        let after = second.play(&[(100, Act::On(60))], &[], 9_600);
        assert!(wav::peak(&before[0]) > 0.1, "{name}");
        assert!(before == after, "{name} sounds different after loading");
        assert_eq!(second.plugin.save_state().unwrap(), saved, "{name}");
    }
}

#[test]
fn vst3_two_instances_end_in_either_order() {
    let _alone = alone();
    for first_out in [0, 1] {
        let mut pair: Vec<Player> = NAMES.iter().map(|n| Player::open(n, &bundles().vst3)).collect();
        pair.iter_mut().for_each(|p| p.load("keys"));
        drop(pair.remove(first_out));
        pair[0].plugin.set_process_mode(ProcessMode::Offline).unwrap();
        let played = pair[0].play(&[(0, Act::On(60))], &[], 9_600);
        assert!(wav::peak(&played[0]) > 0.1, "the instance that stayed is silent");
    }
}

#[test]
fn vst3_any_rate_is_finite() {
    let _alone = alone();
    for rate in [1_000.0, 44_100.0, 384_000.0] {
        let mut player = Player::with("Seiche Multi", "strips");
        player.plugin.reconfigure(rate, 16_384).unwrap();
        player.plugin.start_processing().unwrap();
        let mut buffers = player.plugin.create_bus_audio_buffers(16_384).unwrap();
        for _ in 0..4 {
            player.plugin.process_bus_audio(&mut buffers).unwrap();
        }
        for bus in &buffers.outputs {
            assert!(wav::finite(&bus.channels) && wav::peak(&bus.channels) < 4.0, "{rate} Hz");
        }
        assert!(wav::peak(&buffers.outputs[0].channels) > 0.01, "silent at {rate} Hz");
        player.plugin.stop_processing().unwrap();
    }
}

#[test]
fn vst3_saved_file_is_heard() {
    let _alone = alone();
    let scratch = Scratch::new("vst3");
    let file = scratch.tone(0.5);
    let mut player = Player::open("Seiche", &bundles().vst3);
    player.load_patch(&Patch::on_disk(&file, "tone"));
    player.plugin.set_process_mode(ProcessMode::Offline).unwrap();
    let level = |player: &mut Player| wav::peak(&player.play(&[], &[], 9_600)[0]);
    assert!((level(&mut player) - 0.5).abs() < 0.01);
    scratch.tone(0.25);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while (level(&mut player) - 0.25).abs() > 0.01 {
        assert!(std::time::Instant::now() < end, "the saved file is not heard");
    }
}
