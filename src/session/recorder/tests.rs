//! What a take holds, by hand: the desk is turned by the test instead of its thread, as fast or as slowly as it likes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::desk::Desk;
use super::{Order, Place, Recording, Saved};
use crate::bounce::{Control, Crew, Export, Length, Level, Measure, Output, Policy, Source, Tail, export};
use crate::compile::parts::{Cut, Point, StemWish, compile_parts};
use crate::compile::{Request, compile};
use crate::engine::tap::jack;
use crate::engine::{Event, Gear, Geared, Io, Remote, What};
use crate::language::Library;
use crate::library::Scratch;
use crate::library::samples::Store;
use crate::quality::Quality;

const RATE: f64 = 48_000.0;
const NORMAL: Gear = Gear { quality: Quality::Normal, rate: RATE, factor: 1 };

const SONG: &str = "
seiche: 1
x:
  mixer:
    tracks:
      keys: {signal: {midi_in: {signal: {envelope: {gate: gate, release: 0.1, signal: {osc: {type: saw, freq: freq, amp: 0.3}}}}}}, sends: {room: -6 dB}}
      pad: {signal: {osc: {freq: 220 + 40 * t, amp: 0.2}}, pan: 0.5}
      quiet: {osc: {amp: 0}}
    buses:
      room: {signal: {reverb: {size: 0.4, decay: 0.5}}}
";

fn with<R>(text: &str, gear: Gear, act: impl FnOnce(&Request) -> R) -> R {
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    let library = Library::read(vec![(PathBuf::from("x.yaml"), text.as_bytes().to_vec())], &specs);
    let store = Mutex::new(Store::default());
    act(&Request {
        library: &library,
        sound: "x",
        overrides: &[],
        rate: gear.engine_rate(),
        quality: gear.quality,
        seed: 0,
        store: &store,
    })
}

/// An engine that plays, its desk, and what it is played.
struct Stage {
    engine: Geared,
    remote: Remote,
    desk: Desk,
    at: usize,
    events: Vec<Event>,
}

impl Stage {
    fn new(stems: bool) -> Stage {
        Stage::with(NORMAL, stems)
    }

    fn with(gear: Gear, stems: bool) -> Stage {
        let (mut engine, remote) = Geared::new(gear, 4_096);
        let (jack, plug) = jack();
        engine.engine().record(jack);
        let mut desk = Desk::default();
        desk.follow(Order::Engine(gear, plug));
        desk.follow(Order::Stems(stems));
        let on = |at, key| Event { at, what: What::NoteOn { channel: 0, key, note: -1, velocity: 0.8 } };
        let off = |at, key| Event { at, what: What::NoteOff { channel: 0, key, note: -1, velocity: 0.5 } };
        let events = vec![on(50_100, 60), on(51_000, 67), off(60_000, 60), off(70_001, 67)];
        Stage { engine, remote, desk, at: 0, events }
    }

    fn load(&mut self, text: &str) {
        let program =
            with(text, self.engine.gear(), |request| compile(request).map(|compiled| compiled.program));
        let program = program.unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(self.remote.send(program).is_ok());
    }

    /// Plays so many frames in blocks of these sizes; `turn`: the desk looks after each.
    fn play(&mut self, frames: usize, blocks: &[usize], turn: bool) {
        let end = self.at + frames;
        for block in blocks.iter().cycle() {
            let count = (*block).min(end - self.at);
            if count == 0 {
                return;
            }
            let (mut left, mut right) = (vec![0.0; count], vec![0.0; count]);
            let here = |e: &&Event| (self.at..self.at + count).contains(&(e.at as usize));
            let moved = |e: &Event| Event { at: e.at - self.at as u32, ..*e };
            let events: Vec<Event> = self.events.iter().filter(here).map(moved).collect();
            let main = [left.as_mut_slice(), right.as_mut_slice()];
            self.engine.process(Io { sidechain: None, main, aux: &mut [], stems: &mut [] }, &events, None);
            self.at += count;
            if turn {
                self.desk.turn();
            }
        }
    }

    fn saved(&mut self) -> Saved {
        self.desk.follow(Order::Stop);
        let Recording { saved, fault, .. } = self.desk.state();
        saved.unwrap_or_else(|| panic!("{fault:?}"))
    }
}

fn place(folder: &Path) -> Place {
    Place { folder: folder.join("takes"), name: "x".into() }
}

fn read(path: &Path) -> [Vec<f32>; 2] {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    let all: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    [0, 1].map(|side| all.iter().skip(side).step_by(2).copied().collect())
}

/// The mix and all stems of a song from its beginning, as a bounce puts them out.
fn bounced(gear: Gear, events: &[Event], frames: u64) -> Vec<[Vec<f32>; 2]> {
    with(SONG, gear, |request| {
        let stems = Some(StemWish { point: Point::PostFader, master: false });
        let parts = compile_parts(request, Cut { stems, whole: false }).expect("parts");
        let memory = |source| Output { source, target: None, measure: Measure::Peak };
        let outputs = std::iter::once(Source::Mix).chain((0..parts.stems.len()).map(Source::Stem));
        let wish = Export {
            gear,
            length: Length { from: 0, to: frames, tail: Tail::None },
            events: events.to_vec(),
            transport: None,
            outputs: outputs.map(memory).collect(),
            level: Level::default(),
            crew: Crew { workers: 2, ..Crew::default() },
            policy: Policy::Stop,
            time_limit: None,
            cache: None,
        };
        export(&parts, request, &wish, &Control::default(), &mut |_| {}).expect("bounced").audio
    })
}

/// What was recorded is this part of what was bounced, to the bit.
fn assert_same(saved: &Saved, bounced: &[[Vec<f32>; 2]], from: usize) {
    assert_eq!(saved.files.len(), bounced.len(), "{:?}", saved.files);
    for (path, bounced) in saved.files.iter().zip(bounced) {
        let read = read(path);
        assert!(read[0].len() > 1_000, "{}: {} frames", path.display(), read[0].len());
        for (read, bounced) in read.iter().zip(bounced) {
            let odd = read.iter().zip(&bounced[from..]).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(odd, None, "{}", path.display());
        }
    }
}

#[test]
fn recording_is_the_bounce_of_what_was_played() {
    for blocks in [&[17, 64, 441, 1][..], &[512], &[4_096]] {
        let scratch = Scratch::new(&format!("recording-same-{}", blocks[0]));
        let mut stage = Stage::new(true);
        stage.load(SONG);
        // The desk learns how many tracks there are, and the engine gets its tap.
        stage.play(9_000, blocks, true);
        stage.desk.follow(Order::Start(place(&scratch.0)));
        stage.play(91_000, blocks, true);
        let saved = stage.saved();
        assert_eq!(saved.note, None);
        let names: Vec<_> = saved.files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "x take 1.wav",
                "x take 1_01_keys.wav",
                "x take 1_02_pad.wav",
                "x take 1_03_quiet.wav",
                "x take 1_04_room.wav"
            ]
        );
        // It begins at a block of the tap.
        let bounced = bounced(NORMAL, &stage.events, 100_000);
        let take = read(&saved.files[0])[0].clone();
        let from =
            (0..10_000).find(|from| bounced[0][0][*from..][..500] == take[..500]).expect("its beginning");
        assert!(from >= 8_000 && take.len() + from > 100_000 - 512, "{from} {}", take.len());
        assert_same(&saved, &bounced, from);
        assert!(read(&saved.files[1])[0].iter().any(|x| x.abs() > 0.1), "notes are heard");
    }
}

#[test]
fn recording_keeps_the_last_two_minutes() {
    let scratch = Scratch::new("recording-last");
    let mut stage = Stage::new(false);
    stage.load(SONG);
    stage.play(100_000, &[480], true);
    assert!(stage.desk.state().running.is_none());
    stage.desk.follow(Order::SaveLast(1.5, place(&scratch.0)));
    let saved = stage.desk.state().saved.expect("saved");
    assert_eq!((saved.files.len(), saved.seconds, saved.note.clone()), (1, 1.5, None));
    let bounced = bounced(NORMAL, &stage.events, 100_000);
    let take = read(&saved.files[0])[0].clone();
    let from = (0..30_000).find(|from| bounced[0][0][*from..][..500] == take[..500]).expect("its beginning");
    assert_same(&saved, &bounced[..1], from);
    assert!(from + take.len() > 100_000 - 256, "up to now");
    // More than there is: what there is. And no more than two minutes are kept.
    stage.desk.follow(Order::SaveLast(1e9, place(&scratch.0)));
    assert!((stage.desk.state().saved.expect("saved").seconds - 2.08).abs() < 0.02);
    assert!(scratch.0.join("takes/x take 2.wav").exists());
    stage.play(130 * 48_000, &[4_096], true);
    assert_eq!(stage.desk.state().kept, 120.0);
}

#[test]
fn recording_loses_nothing_while_the_disk_stands_still() {
    let scratch = Scratch::new("recording-stalled");
    let mut stage = Stage::new(true);
    stage.load(SONG);
    stage.play(9_000, &[512], true);
    stage.desk.follow(Order::Start(place(&scratch.0)));
    // Ten seconds in which nobody takes a block.
    stage.play(480_000, &[512], false);
    stage.play(4_096, &[512], true);
    let saved = stage.saved();
    assert_eq!(saved.note, None);
    assert!((saved.seconds - 10.1).abs() < 0.05, "{}", saved.seconds);
    let bounced = bounced(NORMAL, &stage.events, 100_000);
    let take = read(&saved.files[0])[0].clone();
    let from = (0..10_000).find(|from| bounced[0][0][*from..][..500] == take[..500]).expect("its beginning");
    assert!(take[..90_000 - from] == bounced[0][0][from..90_000]);
    // Longer than that is too long, and it says so.
    stage.desk.follow(Order::Start(place(&scratch.0)));
    stage.play(20 * 48_000, &[512], false);
    let note = stage.saved().note.expect("a note");
    assert!(note.contains("are missing"), "{note}");
}

#[test]
fn recording_goes_on_when_tracks_come_and_go() {
    let scratch = Scratch::new("recording-tracks");
    let mut stage = Stage::new(true);
    stage.load("seiche: 1\nx: {mixer: {tracks: {a: {osc: {freq: 100, amp: 0.5}}}}}\n");
    stage.play(9_000, &[512], true);
    stage.desk.follow(Order::Start(place(&scratch.0)));
    stage.play(9_000, &[512], true);
    stage.load("seiche: 1\nx: {mixer: {tracks: {b: {osc: {freq: 100, amp: 0.25}}, a: {osc: {freq: 100, amp: 0.5}}}}}\n");
    stage.play(9_000, &[512], true);
    let saved = stage.saved();
    let [mix, a, b] = saved.files.as_slice() else { panic!("{:?}", saved.files) };
    let (mix, a, b) = (read(mix), read(a), read(b));
    assert!(mix[0].len() == a[0].len() && a[0].len() == b[0].len());
    let loud = |x: &[f32]| x.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    assert_eq!(loud(&b[0][..8_000]), 0.0, "it was not there yet");
    assert!((loud(&b[0][12_000..]) - 0.25).abs() < 0.01 && (loud(&a[0][12_000..]) - 0.5).abs() < 0.01);
}

#[test]
fn recording_of_high_quality_is_what_the_host_was_given() {
    let gear = Gear::new(Quality::High, RATE);
    for blocks in [&[17, 64, 441][..], &[4_096]] {
        let scratch = Scratch::new(&format!("recording-high-{}", blocks[0]));
        let mut stage = Stage::with(gear, true);
        stage.load(SONG);
        stage.play(49_000, blocks, true);
        stage.desk.follow(Order::Start(place(&scratch.0)));
        stage.play(26_000, blocks, true);
        let saved = stage.saved();
        assert!((saved.seconds - 26_000.0 / RATE).abs() < 0.02, "{}", saved.seconds);
        let wanted = bounced(gear, &stage.events, 76_000);
        let take = read(&saved.files[0])[0].clone();
        let from = (48_000..50_000).find(|from| wanted[0][0][*from..][..500] == take[..500]);
        assert_same(&saved, &wanted, from.expect("its beginning"));
    }
}

#[test]
fn recording_instances_never_write_over_each_other() {
    let scratch = Scratch::new("recording-two");
    let mut stages = [Stage::new(false), Stage::new(false)];
    for stage in &mut stages {
        stage.load(SONG);
        stage.play(4_800, &[480], true);
        stage.desk.follow(Order::Start(place(&scratch.0)));
        stage.play(4_800, &[480], true);
    }
    // One of them goes on at another sample rate: its take is whole.
    let (_, plug) = jack();
    stages[0].desk.follow(Order::Engine(Gear::new(Quality::Normal, 44_100.0), plug));
    assert!(stages[0].desk.state().fault.is_some_and(|fault| fault.contains("another sample rate")));
    let [first, second] = stages.each_mut().map(Stage::saved);
    assert!(first.files != second.files && first.note.is_none() && second.note.is_none());
    for saved in [&first, &second] {
        assert!(read(&saved.files[0])[0].len() > 4_000);
    }
    // Nothing is left of a take that cannot begin.
    std::fs::create_dir(scratch.0.join("takes/x take 3.wav.part")).unwrap();
    stages[1].desk.follow(Order::Start(place(&scratch.0)));
    assert!(stages[1].desk.state().fault.is_some());
    assert!(!scratch.0.join("takes/x take 3.wav").exists());
}

#[test]
fn recording_says_why_it_cannot() {
    let scratch = Scratch::new("recording-cannot");
    let mut desk = Desk::default();
    desk.follow(Order::Start(place(&scratch.0)));
    assert!(desk.state().fault.is_some_and(|fault| fault.contains("nothing plays yet")));
    std::fs::write(scratch.0.join("takes"), "a file").unwrap();
    let mut stage = Stage::new(false);
    stage.desk.follow(Order::Start(place(&scratch.0)));
    assert!(stage.desk.state().fault.is_some_and(|fault| fault.contains("cannot be recorded to")));
}

/// Bytes of memory that this process has now.
#[cfg(target_os = "linux")]
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() << 10
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes, and half a gigabyte of disk"]
fn recording_of_an_hour_takes_flat_memory() {
    const RATE: usize = 1_000;
    let scratch = Scratch::new("recording-hour");
    let tracks: String =
        (0..16).map(|n| format!("t{n}: {{osc: {{freq: {}, amp: 0.05}}}}, ", 20 + n)).collect();
    let mut stage = Stage::with(Gear::new(Quality::Normal, RATE as f64), true);
    stage.load(&format!("seiche: 1\nx: {{mixer: {{tracks: {{{tracks}}}}}}}\n"));
    stage.play(2 * RATE, &[64], true);
    stage.desk.follow(Order::Start(place(&scratch.0)));
    // Until the last two minutes are full.
    stage.play(180 * RATE, &[64], true);
    let before = resident();
    stage.play(3_420 * RATE, &[64], true);
    let grown = resident() - before;
    let saved = stage.saved();
    assert!(saved.files.len() == 17 && saved.note.is_none() && saved.seconds > 3_599.0, "{saved:?}");
    assert!(grown < 8 << 20, "{grown} bytes more after an hour");
    eprintln!("an hour of 16 tracks: {grown} bytes more than after three minutes");
}

/// Set in the process whose files may not grow.
#[cfg(unix)]
const CHILD: &str = "SEICHE_TEST_FULL_TAKE";

#[cfg(unix)]
#[test]
fn recording_ends_cleanly_where_the_disk_is_full() {
    if std::env::var_os(CHILD).is_none() {
        let name = "session::recorder::tests::recording_ends_cleanly_where_the_disk_is_full";
        let program = std::env::current_exe().unwrap();
        let child = Command::new(program).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output();
        let child = child.unwrap();
        let said = [child.stdout, child.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let room = 1_000_000;
    // SAFETY: a limit of this process, and a signal that is then ignored.
    unsafe {
        let limit = libc::rlimit { rlim_cur: room, rlim_max: room };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    let scratch = Scratch::new("recording-full");
    let mut stage = Stage::new(true);
    stage.load(SONG);
    stage.play(9_000, &[512], true);
    stage.desk.follow(Order::Start(place(&scratch.0)));
    stage.play(150_000, &[512], true);
    let Recording { running, saved, fault, .. } = stage.desk.state();
    let saved = saved.unwrap_or_else(|| panic!("{fault:?}"));
    assert!(running.is_none() && fault == saved.note);
    assert!(saved.note.as_ref().is_some_and(|note| note.contains("the take ends after 2.")), "{saved:?}");
    // A million bytes are 125,000 frames: nearly all of them are there, in all files, and are what was played.
    let bounced = bounced(NORMAL, &stage.events, 150_000);
    let take = read(&saved.files[0])[0].clone();
    assert!((124_000..125_000).contains(&take.len()), "{}", take.len());
    let from = (0..10_000).find(|from| bounced[0][0][*from..][..500] == take[..500]).expect("its beginning");
    assert_same(&saved, &bounced, from);
}
