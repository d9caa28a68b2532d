//! The plug-in's window in a parent of ours on a screen without a monitor. Pictures go to `target/screens`.
#![cfg(target_os = "linux")]

mod common;

use common::*;
use std::sync::Mutex;
use std::time::Duration;
use xtask::host::Blocks;
use xtask::host::window::Screen;
use xtask::shell::target;
use xtask::state::Patch;

/// Window tests run one after the other: the display is the process's.
static ONE: Mutex<()> = Mutex::new(());

fn with_screen(test: impl FnOnce(&Screen)) {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    let screen = Screen::shared().unwrap();
    // SAFETY: the tests of this program hold the lock above; nothing else of it reads the environment meanwhile.
    unsafe {
        std::env::set_var("DISPLAY", &screen.display);
        std::env::set_var("LIBGL_ALWAYS_SOFTWARE", "1");
    }
    test(screen);
    assert!(window_threads_end(), "threads of a window go on after it was closed");
}

/// Waits for the threads that windows and graphics drivers have started from this one (they bear its name, or the driver's). A process
/// that ends while they still tidy up is ended by the driver.
fn window_threads_end() -> bool {
    let name = |path: std::path::PathBuf| std::fs::read_to_string(path.join("comm")).unwrap_or_default();
    let own = name("/proc/thread-self".into());
    let ours = |name: &String| *name == own || name.starts_with("llvmpipe") || name.contains(":disk");
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| name(task.path()));
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        threads().filter(|name| ours(name)).count() <= 1
    })
}

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
        let mut colours = |name: &str| {
            for _ in 0..40 {
                three_notes().play(&mut running, 2_048, &Blocks::Of(512)).unwrap();
                instance.idle_for(Duration::from_millis(40));
            }
            let picture = screen.picture(parent).unwrap();
            picture.save(&target(&format!("screens/{name}.png"))).unwrap();
            picture.colours()
        };
        let plain = colours("text");
        scratch.save(&text.replacen("sustain", "sustane", 1));
        let broken = colours("text-broken");
        assert!(plain > 400 && broken > plain, "{plain} colours, {broken} with what is wrong");
        instance.close_window().unwrap();
        instance.stop(running);
        screen.close(parent).unwrap();
    });
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
