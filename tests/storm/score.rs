//! The score of a storm: a library that is edited at random, as text, and notes that come and go meanwhile. The same for the same seed.

use std::fmt::Write as _;

use super::support::Random;

pub struct Edit {
    pub text: String,
    pub what: &'static str,
    pub broken: bool,
    /// How long it plays, in blocks.
    pub blocks: usize,
    /// Keys that go down or up.
    pub keys: Vec<(u8, bool)>,
}

pub struct Score {
    pub first: String,
    pub edits: Vec<Edit>,
    /// All keys that are ever played: far above everything else that sounds.
    pub notes: Vec<u8>,
}

/// Wave types without edges, so that clicks can be told from them.
const WAVES: [&str; 2] = ["sin", "tri"];

#[derive(Clone)]
enum Body {
    Drone { freq: u64, wave: usize },
    Keys { voices: u64, wave: usize, amp: u64 },
    Beat { interval: u64, steps: Vec<usize> },
    Copies { number: u64, wave: usize },
    Hiss { cutoff: u64 },
    Echo { time: u64, freq: u64 },
    Pair { freqs: [u64; 2] },
    Chosen { paths: u64 },
    Recording { file: usize },
    Looper { offset: u64, length: u64 },
}

#[derive(Clone)]
struct Track {
    name: u64,
    body: Body,
    wrapped: bool,
}

#[derive(Clone)]
struct Model {
    tracks: Vec<Track>,
    /// Names of the two sounds that steps start.
    drums: [u64; 2],
    names: u64,
    keys: Vec<u8>,
}

impl Score {
    /// So many edits in about so many seconds.
    pub fn new(seed: u64, edits: usize, seconds: usize) -> Score {
        let mut random = Random(seed);
        let mut model = Model { tracks: vec![], drums: [0, 1], names: 2, keys: vec![] };
        for body in [
            Body::Drone { freq: 150, wave: 0 },
            Body::Keys { voices: 6, wave: 0, amp: 6 },
            Body::Beat { interval: 20, steps: vec![0, 1, 0] },
            Body::Echo { time: 12, freq: 130 },
        ] {
            model.add(body);
        }
        let notes = vec![69, 74, 78, 81];
        let first = model.text();
        // (A sixth of them come at once.)
        let most = (seconds * 225 / edits.max(1)) as u64;
        let edits = (0..edits).map(|_| {
            let (what, broken) = (random.below(13), random.below(4) == 0);
            let text = model.text();
            let (what, text) = if broken {
                ("broken", spoiled(&text, &mut random))
            } else {
                (model.edit(what, &mut random), model.text())
            };
            let key = notes[random.below(4) as usize];
            let down = !model.keys.contains(&key);
            let mut keys = vec![];
            if random.below(2) == 0 && (!down || model.keys.len() < 3) {
                model.keys.retain(|k| *k != key);
                model.keys.extend(down.then_some(key));
                keys.push((key, down));
            }
            // Now and then the next one comes at once.
            let blocks = if random.below(6) == 0 { 2 } else { 2 + random.below(most.max(1)) as usize };
            Edit { text, what, broken, blocks, keys }
        });
        Score { first, edits: edits.collect(), notes }
    }
}

impl Model {
    fn add(&mut self, body: Body) {
        self.names += 1;
        self.tracks.push(Track { name: self.names, body, wrapped: false });
    }

    /// Changes something, and says what.
    fn edit(&mut self, what: u64, random: &mut Random) -> &'static str {
        let count = self.tracks.len() as u64;
        let place = random.below(count) as usize;
        match what {
            0 | 1 => {
                self.tracks[place].body.turn(random);
                "a number"
            }
            2 => {
                self.tracks[place].body.reshape(random);
                "a wave type, a file or a path"
            }
            3 | 4 if count < 9 => {
                let body = match random.below(7) {
                    0 => Body::Copies { number: 1 + random.below(12), wave: 0 },
                    1 => Body::Hiss { cutoff: 100 + random.below(100) },
                    2 => Body::Echo { time: 1 + random.below(60), freq: 100 + random.below(50) },
                    3 => Body::Pair { freqs: [90 + random.below(20), 120 + random.below(20)] },
                    4 => Body::Chosen { paths: 1 + random.below(3) },
                    5 => Body::Looper { offset: 1 + random.below(20), length: 20 + random.below(100) },
                    _ => Body::Recording { file: random.below(2) as usize },
                };
                self.add(body);
                let at = random.below(count + 1) as usize;
                self.tracks[at..].rotate_right(1);
                "a new track"
            }
            3..=5 => {
                let fixed = matches!(self.tracks[place].body, Body::Drone { .. } | Body::Keys { .. });
                if !fixed {
                    self.tracks.remove(place);
                }
                "a removed track"
            }
            6 => {
                self.names += 1;
                self.tracks[place].name = self.names;
                "a renamed track"
            }
            7 => {
                self.names += 1;
                self.drums[random.below(2) as usize] = self.names;
                "a renamed sound"
            }
            8 => {
                let other = random.below(count) as usize;
                self.tracks.swap(place, other);
                "another order"
            }
            9 => {
                self.tracks[place].wrapped ^= true;
                "an effect"
            }
            _ => {
                for track in &mut self.tracks {
                    track.body.resize(random);
                }
                "sizes of pools"
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::from("seiche: 1\n");
        for (number, drum) in self.drums.iter().enumerate() {
            let freq = [80, 115][number];
            let _ = writeln!(
                text,
                "drum{drum}: {{osc: {{freq: {freq}, amp: 0.1, attack: 0.01, release: 0.03, duration: 0.3}}}}"
            );
        }
        text.push_str("s:\n  tempo:\n    duration: 100000\n    bpm: 120\n    signal:\n      mix:\n");
        for track in &self.tracks {
            let signal = track.body.text(&self.drums);
            let signal = match track.wrapped {
                true => format!("{{filter: {{cutoff: 8000, signal: {signal}}}}}"),
                false => signal,
            };
            let _ = writeln!(text, "        t{}: {signal}", track.name);
        }
        text
    }
}

impl Body {
    fn turn(&mut self, random: &mut Random) {
        match self {
            Body::Drone { freq, .. } => *freq = 140 + random.below(20),
            Body::Keys { amp, .. } => *amp = 5 + random.below(4),
            Body::Beat { interval, .. } => *interval = 5 + random.below(40),
            Body::Copies { number, .. } => *number = 1 + random.below(12),
            Body::Hiss { cutoff } => *cutoff = 100 + random.below(100),
            Body::Echo { time, .. } => *time = 1 + random.below(60),
            Body::Pair { freqs } => freqs[random.below(2) as usize] = 90 + random.below(60),
            Body::Chosen { paths } => *paths = 1 + random.below(3),
            Body::Recording { file } => *file = random.below(2) as usize,
            Body::Looper { offset, length } => {
                (*offset, *length) = (1 + random.below(20), 20 + random.below(100))
            }
        }
    }

    fn reshape(&mut self, random: &mut Random) {
        match self {
            Body::Drone { wave, .. } | Body::Keys { wave, .. } | Body::Copies { wave, .. } => {
                *wave = 1 - *wave
            }
            Body::Beat { steps, .. } => {
                *steps = (0..1 + random.below(4)).map(|_| random.below(3) as usize).collect()
            }
            Body::Pair { freqs } => freqs.swap(0, 1),
            other => other.turn(random),
        }
    }

    /// Other numbers of voices; never fewer than notes are held.
    fn resize(&mut self, random: &mut Random) {
        match self {
            Body::Keys { voices, .. } => *voices = [4, 6, 20, 40][random.below(4) as usize],
            Body::Beat { .. } | Body::Copies { .. } => self.turn(random),
            _ => {}
        }
    }

    fn text(&self, drums: &[u64; 2]) -> String {
        match self {
            Body::Drone { freq, wave } => {
                format!("{{osc: {{type: {}, freq: {freq}, amp: 0.06}}}}", WAVES[*wave])
            }
            Body::Keys { voices, wave, amp } => format!(
                "{{midi_in: {{voices: {voices}, signal: {{envelope: {{attack: 0.01, release: 0.05, gate: gate, signal: {{osc: {{type: {}, freq: freq, amp: 0.0{amp} * (1 + 0.2 * pressure * brightness)}}}}}}}}}}}}",
                WAVES[*wave]
            ),
            Body::Beat { interval, steps } => {
                let step = |n: &usize| drums.get(*n).map_or("null".to_owned(), |drum| format!("drum{drum}"));
                let steps: Vec<String> = steps.iter().map(step).collect();
                format!(
                    "{{sequencer: {{interval: {}, steps: [{}]}}}}",
                    *interval as f64 / 100.0,
                    steps.join(", ")
                )
            }
            Body::Copies { number, wave } => format!(
                "{{multiply: {{number: {number}, signal: {{osc: {{type: {}, freq: 20 * i, amp: 0.01}}}}}}}}",
                WAVES[*wave]
            ),
            Body::Hiss { cutoff } => {
                format!("{{filter: {{cutoff: {cutoff}, signal: {{osc: {{type: noise, amp: 0.05}}}}}}}}")
            }
            Body::Echo { time, freq } => format!(
                "{{delay: {{time: {}, signal: {{osc: {{freq: {freq}, amp: 0.05}}}}}}}}",
                *time as f64 / 100.0
            ),
            Body::Pair { freqs } => format!(
                "{{mix: {{a: {{osc: {{freq: {}, amp: 0.03}}}}, b: {{osc: {{freq: {}, amp: 0.03}}}}}}}}",
                freqs[0], freqs[1]
            ),
            Body::Chosen { paths } => {
                let path = |n| format!(", '{n}': {{osc: {{freq: {}, amp: 0.04}}}}", 90 + 20 * n);
                format!("{{select: {{test: 1{}}}}}", (1..=*paths).map(path).collect::<String>())
            }
            Body::Looper { offset, length } => format!(
                "{{buffer: {{length: {}, offset: {}, signal: {{osc: {{freq: 140, amp: 0.04}}}}}}}}",
                *length as f64 / 100.0,
                *offset as f64 / 100.0
            ),
            Body::Recording { file } => {
                format!("{{sample: {{file: {}, loop: true, speed: 1}}}}", ["low.wav", "lower.wav"][*file])
            }
        }
    }
}

/// A text that is half-written or wrong, in what is played.
fn spoiled(text: &str, random: &mut Random) -> String {
    let last = |what: &str, with: &str| {
        let at = text.rfind(what).unwrap_or(0);
        format!("{}{with}{}", &text[..at], &text[at + what.len()..])
    };
    match random.below(4) {
        0 => last("}}", "}"),
        1 => last("freq:", "frequenzy:"),
        2 => last("osc:", "oscilator:"),
        _ => {
            let noise = (0..40 + random.below(200)).map(|_| (32 + random.below(95)) as u8 as char);
            noise.chain("\n\t: [}".chars()).collect()
        }
    }
}
