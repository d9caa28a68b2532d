//! The plug-in's window in a parent of ours on a screen without a monitor. Pictures go to `target/screens`.
#![cfg(target_os = "linux")]

mod common;

use common::screen::with_screen;
use common::*;
use std::time::Duration;
use xtask::host::Blocks;
use xtask::shell::target;
use xtask::state::Patch;

#[test]
fn window_is_drawn_however_slow_the_host_is() {
    with_screen(|screen| {
        let bundle = open();
        for (id, pause) in [(SEICHE, 0), (MULTI, 0), (SEICHE, 200), (SEICHE, 1_000)] {
            let mut instance = offline(&bundle, id, &patch("strips"));
            assert!(instance.has_window());
            let parent = screen.parent(1_000, 700).unwrap();
            let (width, height) = instance.open_window(parent, Duration::from_millis(pause)).unwrap();
            assert!((300..=1_400).contains(&width) && (200..=1_000).contains(&height), "{width} x {height}");
            let mut running = instance.start(48_000.0, 512).unwrap();
            // Meters need something to show, and a busy machine needs time for the first picture: what counts is that it comes.
            let mut colours = 0;
            for _ in 0..20 {
                for _ in 0..20 {
                    xtask::host::Score::default()
                        .play(&mut running, 2_048, &xtask::host::Blocks::Of(512))
                        .unwrap();
                    instance.idle_for(Duration::from_millis(40));
                }
                let picture = screen.picture(parent).unwrap();
                picture.save(&target(&format!("screens/{id}-{pause}ms.png"))).unwrap();
                colours = picture.colours();
                if colours > 400 {
                    break;
                }
            }
            assert!(colours > 400, "{id} after {pause} ms: {colours} colours, so hardly anything was drawn");
            instance.close_window().unwrap();
            instance.stop(running);
            screen.close(parent).unwrap();
        }
    });
}

#[test]
fn window_shows_the_text_and_what_is_wrong_with_it() {
    with_screen(|screen| {
        let scratch = Scratch::new("window");
        let text = include_str!("../../presets/synth.yaml");
        let file = scratch.save(text);
        let bundle = open();
        let mut instance = offline(&bundle, SEICHE, &Patch::on_disk(&file, "poly"));
        let parent = screen.parent(1_000, 700).unwrap();
        instance.open_window(parent, Duration::ZERO).unwrap();
        let mut running = instance.start(48_000.0, 512).unwrap();
        let mut red = |name: &str| {
            for _ in 0..40 {
                three_notes().play(&mut running, 2_048, &Blocks::Of(512)).unwrap();
                instance.idle_for(Duration::from_millis(40));
            }
            let picture = screen.picture(parent).unwrap();
            picture.save(&target(&format!("screens/{name}.png"))).unwrap();
            assert!(picture.colours() > 400, "{name}: {} colours", picture.colours());
            picture.pixels.iter().filter(|[r, g, b]| *r > 200 && *g < 150 && *b < 150).count()
        };
        let plain = red("text");
        scratch.save(&text.replacen("sustain", "sustane", 1));
        let broken = red("text-broken");
        assert!(broken > plain + 500, "{plain} red pixels, {broken} with what is wrong");
        instance.close_window().unwrap();
        instance.stop(running);
        screen.close(parent).unwrap();
    });
}

#[test]
fn window_opened_resized_and_closed_again_and_again_changes_no_sound() {
    // A window that was closed keeps its files for a moment longer.
    let open_files = || {
        let look = |_| {
            std::thread::sleep(Duration::from_millis(50));
            std::fs::read_dir("/proc/self/fd").unwrap().count()
        };
        (0..20).map(look).min().unwrap()
    };
    with_screen(|screen| {
        let bundle = open();
        let frames = 200 * 2_048;
        let alone = render(&bundle, SEICHE, &patch("strips"), &three_notes(), frames, Blocks::Of(512));
        let mut instance = offline(&bundle, SEICHE, &patch("strips"));
        let mut other = bundle.instance(MULTI).unwrap();
        let second = screen.parent(900, 600).unwrap();
        other.open_window(second, Duration::ZERO).unwrap();
        let mut running = instance.start(48_000.0, 512).unwrap();
        let parent = screen.parent(1_400, 900).unwrap();
        let mut files = 0;
        let heard = std::thread::scope(|scope| {
            let (done, over) = std::sync::mpsc::channel();
            let playing = scope.spawn(move || {
                let heard = three_notes().play(&mut running, frames, &Blocks::Of(512)).unwrap();
                let _ = done.send(());
                (heard, running)
            });
            for round in 0..200u32 {
                instance.open_window(parent, Duration::ZERO).unwrap();
                let size = instance.resize_window(500 + 4 * round, 800 - 2 * round).unwrap();
                assert_eq!(size, (500 + 4 * round, 800 - 2 * round));
                instance.idle_for(Duration::from_millis(if round % 20 == 0 { 300 } else { 20 }));
                instance.close_window().unwrap();
                // Drivers keep some files from the first times on.
                if round == 10 {
                    files = open_files();
                }
            }
            let _ = over.recv();
            playing.join().unwrap()
        });
        let (heard, running) = heard;
        let in_the_end = open_files();
        assert!(in_the_end <= files + 2, "{files} open files after ten windows, {in_the_end} after 200");
        assert_eq!(heard.buses.len(), alone.buses.len());
        for (bus, (one, two)) in heard.buses.iter().zip(&alone.buses).enumerate() {
            assert!(one == two, "output {bus} sounds differently while windows come and go");
        }
        // The first one lay above it.
        screen.close(parent).unwrap();
        other.idle_for(Duration::from_millis(500));
        assert!(screen.picture(second).unwrap().colours() > 100, "the other window went blank");
        other.close_window().unwrap();
        instance.stop(running);
    });
}

#[test]
fn window_at_rest_needs_hardly_any_time() {
    with_screen(|screen| {
        let bundle = open();
        let mut instance = bundle.instance(SEICHE).unwrap();
        let parent = screen.parent(1_000, 700).unwrap();
        instance.open_window(parent, Duration::ZERO).unwrap();
        instance.idle_for(Duration::from_secs(3));
        let before = own_time();
        let began = std::time::Instant::now();
        // No calls from the host: what is measured is the window's own thread.
        std::thread::sleep(Duration::from_secs(4));
        let share = (own_time() - before).as_secs_f64() / began.elapsed().as_secs_f64();
        instance.close_window().unwrap();
        screen.close(parent).unwrap();
        assert!(share < 0.01, "an idle window takes {:.2} % of a core", share * 100.0);
        println!("an idle window takes {:.2} % of a core", share * 100.0);
    });
}

/// Processor time of the whole process.
fn own_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |n: usize| fields[n].parse::<u64>().unwrap();
    // Hundredths of seconds, in user and in system mode.
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

#[test]
fn window_gives_its_descriptors_back() {
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    with_screen(|screen| {
        let bundle = open();
        let mut instance = bundle.instance(SEICHE).unwrap();
        let mut once = || {
            let parent = screen.parent(1_000, 700).unwrap();
            instance.open_window(parent, Duration::ZERO).unwrap();
            instance.idle_for(Duration::from_millis(150));
            instance.close_window().unwrap();
            instance.idle_for(Duration::from_millis(50));
            screen.close(parent).unwrap();
        };
        // Drivers keep some files from the first time on.
        once();
        once();
        let before = open_files();
        (0..20).for_each(|_| once());
        let after = open_files();
        assert!(after <= before, "{before} open files before, {after} after 20 windows");
    });
}

#[test]
fn window_may_stay_open_while_the_instance_goes() {
    with_screen(|screen| {
        let bundle = open();
        let mut first = bundle.instance(SEICHE).unwrap();
        let mut second = bundle.instance(MULTI).unwrap();
        let (one, two) = (screen.parent(900, 600).unwrap(), screen.parent(900, 600).unwrap());
        first.open_window(one, Duration::ZERO).unwrap();
        second.open_window(two, Duration::ZERO).unwrap();
        first.idle_for(Duration::from_millis(300));
        first.close_window().unwrap();
        drop(first);
        second.idle_for(Duration::from_millis(300));
        assert!(screen.picture(two).unwrap().colours() > 1, "the other window went blank");
        second.close_window().unwrap();
    });
}
