//! `seiche play` at a JACK server without a device: what it plays is heard by another client, notes come from a third, and its window, on a screen
//! without a monitor, is drawn and used. The servers are ended after a minute at the latest, so that nothing waits for ever.
#![cfg(target_os = "linux")]

mod common;

use common::screen::beside_screen;
use common::*;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use xtask::shell::{has_program, target, text};

const LIBRARY: &str = "seiche: 1
still: {osc: {freq: 440, amp: 0}}
keys: {midi_in: {signal: {osc: {freq: freq, amp: 0.5}}}}
tone: {osc: {freq: 440, amp: 0.5}}
";

/// Ended with the test, whatever becomes of it.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Running {
        let process = Running(command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}")));
        let id = process.0.id() as i32;
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(60));
            // SAFETY: a signal to a process of ours. Whoever waits for one that stands still goes on.
            unsafe { libc::kill(id, libc::SIGKILL) };
        });
        process
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server of nobody else's, with programs that know it.
struct Jack {
    name: String,
    _server: Running,
}

impl Jack {
    fn start(test: &str) -> Jack {
        assert!(has_program("jackd"), "there is no jackd: cargo xtask setup installs it");
        let name = format!("seiche-{test}-{}", std::process::id());
        let mut command = Command::new("jackd");
        command.args(["-n", &name, "-r", "-d", "dummy", "-r", "48000", "-p", "256"]);
        let server = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        let jack = Jack { name, _server: server };
        jack.until("the server runs", || text(jack.program("jack_lsp").arg("-s").arg(&jack.name)).is_ok());
        jack
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("JACK_DEFAULT_SERVER", &self.name).env("JACK_NO_START_SERVER", "1");
        command
    }

    fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(50);
        while !is() {
            assert!(Instant::now() < end, "{what}: not after 50 s");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn wait_for_port(&self, name: &str) {
        let there =
            || text(&mut self.program("jack_lsp")).is_ok_and(|ports| ports.lines().any(|port| port == name));
        self.until(name, there);
    }

    /// The program that is tested, playing this sound of the library.
    fn player(&self, scratch: &Scratch, sound: &str) -> Command {
        let file = scratch.save(LIBRARY);
        let program = target("debug/seiche");
        assert!(program.exists(), "{} is built with the unit tests (feature `play`)", program.display());
        let mut command = self.program(program.to_str().unwrap());
        command
            .arg("play")
            .arg(file)
            .args(["--backend", "jack", "--sound", sound])
            .env("SEICHE_PREFERENCES", "");
        command
    }

    /// Records what the player puts out at the left for two seconds, while something is done.
    fn record(&self, scratch: &Scratch, meanwhile: impl FnOnce()) -> Vec<f32> {
        let file = scratch.0.join("heard.wav");
        let port = text(&mut self.program("jack_lsp")).unwrap();
        let port =
            port.lines().find(|port| port.starts_with("seiche:output")).expect("the player has outputs");
        let mut command = self.program("jack_rec");
        command.arg("-f").arg(&file).args(["-d", "3", "-b", "16", port]).stdout(Stdio::null());
        let mut recorder = Running::start(command.stderr(Stdio::null()));
        self.wait_for_port("jackrec:input1");
        meanwhile();
        assert!(recorder.0.wait().unwrap().success());
        let mut reader = hound::WavReader::open(&file).unwrap();
        reader.samples::<i32>().map(|x| x.unwrap() as f32 / 32_768.0).collect()
    }
}

fn highest(heard: &[f32]) -> f32 {
    heard.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// Waits until the player says what it plays.
fn says(player: &mut Running, line: &str) {
    let lines = BufReader::new(player.0.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|said| said == line), "it never said '{line}'");
}

#[test]
#[ignore = "needs a server that runs in real time: in the long form"]
fn play_is_heard_through_a_jack_server() {
    let (jack, scratch) = (Jack::start("heard"), Scratch::new("play-heard"));
    let mut player = Running::start(jack.player(&scratch, "tone").arg("--no-window").stdout(Stdio::piped()));
    says(&mut player, "plays tone");
    let heard = jack.record(&scratch, || {});
    assert!((0.45..=0.55).contains(&highest(&heard)), "{}", highest(&heard));
    // SAFETY: a signal to a process of ours.
    unsafe { libc::kill(player.0.id() as i32, libc::SIGINT) };
    assert!(player.0.wait().unwrap().success(), "an interruption is a good end");
}

#[test]
#[ignore = "needs a server that runs in real time: in the long form"]
fn play_takes_notes_from_a_jack_port() {
    let (jack, scratch) = (Jack::start("notes"), Scratch::new("play-notes"));
    // An A of half a second, each second.
    let mut sequencer = jack.program("jack_midiseq");
    sequencer.args(["sequence", "48000", "0", "69", "24000"]).stdout(Stdio::null()).stderr(Stdio::null());
    let _sequencer = Running::start(&mut sequencer);
    jack.wait_for_port("sequence:out");
    let mut command = jack.player(&scratch, "keys");
    let mut player =
        Running::start(command.args(["--no-window", "--midi", "sequence:out"]).stdout(Stdio::piped()));
    says(&mut player, "plays keys");
    let heard = jack.record(&scratch, || {});
    assert!((0.2..=0.55).contains(&highest(&heard)), "{}", highest(&heard));
    let loud =
        heard.windows(12_000).find(|part| highest(&part[..200]) > 0.2 && highest(&part[11_800..]) > 0.2);
    let hertz = xtask::wav::frequency(loud.expect("a note sounds for a quarter of a second"), 48_000.0);
    assert!((hertz - 440.0).abs() < 2.0, "{hertz} Hz");
    assert!(heard.windows(4_800).any(|part| highest(part) < 0.01), "notes end");
}

/// The second line of the list of sounds, in the window's first size.
const SECOND: (i16, i16) = (60, 258);

#[test]
#[ignore = "needs a server that runs in real time: in the long form"]
fn play_has_a_window_that_is_drawn_and_heard() {
    beside_screen(|screen| {
        let (jack, scratch) = (Jack::start("window"), Scratch::new("play-window"));
        let mut player = Running::start(jack.player(&scratch, "still").env("DISPLAY", &screen.display));
        let mut window = None;
        let file = target("screens/play.png");
        jack.until("the window is drawn", || {
            assert!(player.0.try_wait().unwrap().is_none(), "it has ended");
            window = screen.tops().unwrap().into_iter().find(|top| {
                let picture = screen.picture(*top);
                picture.is_ok_and(|picture| picture.save(&file).is_ok() && picture.colours() > 300)
            });
            window.is_some()
        });
        let heard = jack.record(&scratch, || {});
        assert_eq!(highest(&heard), 0.0, "nothing is played yet");
        let heard = jack.record(&scratch, || {
            screen.point(window.unwrap(), SECOND.0, SECOND.1).unwrap();
            screen.press(true).unwrap();
            screen.press(false).unwrap();
        });
        screen.picture(window.unwrap()).unwrap().save(&file).unwrap();
        assert!((0.2..=0.55).contains(&highest(&heard)), "what is clicked is heard: {}", highest(&heard));
        // SAFETY: a signal to a process of ours.
        unsafe { libc::kill(player.0.id() as i32, libc::SIGINT) };
        assert!(player.0.wait().unwrap().success(), "an interruption closes the window");
    });
}
