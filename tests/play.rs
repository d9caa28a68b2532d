//! `seiche play`: says what is wrong where there is no audio, and plays where a JACK server runs.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn seiche() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seiche"));
    // A server of nobody's.
    command
        .env("JACK_DEFAULT_SERVER", format!("seiche-{}", std::process::id()))
        .env("JACK_NO_START_SERVER", "1");
    command.env("SEICHE_PREFERENCES", "");
    command
}

fn library() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("seiche-play-{}.yaml", std::process::id()));
    std::fs::write(&path, "tone: {osc: {type: sin, freq: 440, amp: 0.5}}\n").unwrap();
    path
}

#[test]
fn play_without_a_device_says_so() {
    let path = library();
    for (backend, device) in
        [("jack", None), ("alsa", Some("a device that nobody has")), ("auto", Some("none"))]
    {
        let mut command = seiche();
        command.arg("play").arg(&path).args(["--no-window", "--backend", backend]);
        if let Some(device) = device {
            command.args(["--output", device]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{backend}: {text}");
        assert!(text.contains("error: there is no audio to be had from"), "{backend}: {text}");
    }
}

#[test]
fn play_of_a_file_that_is_not_there_says_so() {
    let output = seiche().args(["play", "/nowhere/a.yaml"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("/nowhere/a.yaml: there is no such file"), "{text}");
}

/// Ended with the test, whatever becomes of it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs a server that runs in real time: in the long form"]
fn play_is_heard_through_a_jack_server() {
    if Command::new("jackd").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("not run: there is no jackd");
        return;
    }
    let name = format!("seiche-test-{}", std::process::id());
    let server = Command::new("jackd")
        .args(["-n", &name, "-r", "-d", "dummy", "-r", "48000", "-p", "256"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = server.id() as i32;
    let _server = Running(server);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(60));
        // SAFETY: a signal to a process of ours. Whoever waits for a server that stands still goes on.
        unsafe { libc::kill(running, libc::SIGKILL) };
    });
    std::thread::sleep(Duration::from_secs(2));
    let mut command = seiche();
    command.env("JACK_DEFAULT_SERVER", &name).arg("play").arg(library());
    command.args(["--no-window", "--backend", "jack"]).stdout(Stdio::piped());
    let mut player = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(player.0.stdout.take().unwrap()).lines();
    let began = Instant::now();
    let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("plays"));
    assert_eq!(line.as_deref(), Some("plays tone"), "after {:?}", began.elapsed());
    let peak = listen(&name);
    assert!((0.4..=0.6).contains(&peak), "{peak}");
    // SAFETY: a signal to a process of ours.
    unsafe { libc::kill(player.0.id() as i32, libc::SIGINT) };
    assert!(player.0.wait().unwrap().success(), "an interruption is a good end");
}

/// The highest value that comes out of the player within a second, as another client of the server hears it.
fn listen(server: &str) -> f32 {
    let ask = |program: &str, arguments: &[&str]| {
        let output =
            Command::new(program).env("JACK_DEFAULT_SERVER", server).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let ports = ask("jack_lsp", &[]);
    let port = ports.lines().find(|port| port.starts_with("seiche:output"));
    let port = port.unwrap_or_else(|| panic!("no output of the player among {ports}"));
    let file = std::env::temp_dir().join(format!("{server}.wav"));
    ask("jack_rec", &["-f", file.to_str().unwrap(), "-d", "1", "-b", "16", port]);
    let mut reader = hound::WavReader::open(&file).unwrap();
    let most = reader.samples::<i32>().map(|x| x.unwrap().unsigned_abs()).max().unwrap_or(0);
    let _ = std::fs::remove_file(file);
    most as f32 / 32_768.0
}
