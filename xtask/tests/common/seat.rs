//! Somebody at the window of the built plug-in, with ears, a hand at mouse and keyboard, and a host that plays on. The bundle with counters says what
//! its window shows, so nothing is clicked at a venture, and nothing is slept for: each step waits, for long if need be, until what it asks
//! for is to be seen, heard, or told to the host. Pictures go to `target/screens`.

use super::screen::with_screen;
use super::{SEICHE, counting};
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace::*;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
use xtask::host::hand::{Widget, key};
use xtask::host::window::Screen;
use xtask::host::{Bundle, ClapId, Instance, Running};
use xtask::shell::target;

/// What is waited for one thing, at most. A machine that is at rest needs less than a second for each.
const PATIENCE: Duration = Duration::from_secs(60);
const BLOCK: usize = 512;

/// What the host was told about a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    Begin,
    Value(f64),
    End,
}

pub struct Seat<'a> {
    pub screen: &'a Screen,
    pub parent: u32,
    pub instance: Instance,
    pub bundle: &'a Bundle,
    running: Running,
    /// What came out so far, at the left, and what goes on coming in.
    pub heard: Vec<f32>,
    pub coming: Vec<f32>,
    told: Vec<(ClapId, Told)>,
    name: &'static str,
    pictures: usize,
}

impl Seat<'_> {
    /// Opens the window of a new instance that plays nothing yet, and closes it in the end. Pictures have this name.
    pub fn take(name: &'static str, work: impl FnOnce(&mut Seat)) {
        let bundle = Bundle::open(&counting().clap_binary()).unwrap();
        with_screen(|screen| {
            let mut instance = bundle.instance(SEICHE).unwrap();
            let parent = screen.parent(1_000, 700).unwrap();
            instance.open_window(parent, Duration::ZERO).unwrap();
            let running = instance.start(48_000.0, BLOCK as u32).unwrap();
            let (heard, coming, told, pictures) = (vec![], vec![], vec![], 0);
            let mut seat = Seat {
                screen,
                parent,
                instance,
                bundle: &bundle,
                running,
                heard,
                coming,
                told,
                name,
                pictures,
            };
            work(&mut seat);
            let Seat { mut instance, running, .. } = seat;
            instance.close_window().unwrap();
            instance.stop(running);
            screen.close(parent).unwrap();
        });
    }

    /// One block, and a moment for the window.
    pub fn play(&mut self) {
        let left = self.coming.len().min(BLOCK);
        let now: Vec<f32> = self.coming.drain(..left).chain(std::iter::repeat(0.0)).take(BLOCK).collect();
        for channel in &mut self.running.inputs[0].channels {
            channel[..BLOCK].copy_from_slice(&now);
        }
        self.running.process(BLOCK as u32, &EventBuffer::new(), None).unwrap();
        self.heard.extend_from_slice(&self.running.outputs[0].channels[0][..BLOCK]);
        let told = |event: &clack_host::events::UnknownEvent| match event.as_core_event()? {
            ParamGestureBegin(e) => Some((e.param_id()?, Told::Begin)),
            ParamGestureEnd(e) => Some((e.param_id()?, Told::End)),
            ParamValue(e) => Some((e.param_id()?, Told::Value(e.value()))),
            _ => None,
        };
        self.told.extend(self.running.sent.iter().filter_map(told));
        self.instance.idle_for(Duration::from_millis(8));
    }

    /// Goes on playing until it is so.
    pub fn until(&mut self, what: &str, mut is: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is(self) {
            if Instant::now() > end {
                self.keep("failed");
                panic!(
                    "{what}: not after {PATIENCE:?}; the window shows {:#?}",
                    self.bundle.drawn().unwrap()
                );
            }
            self.play();
        }
    }

    /// A picture for whoever wants to see it.
    pub fn keep(&mut self, what: &str) {
        // What was drawn is to be seen a little later.
        (0..12).for_each(|_| self.play());
        self.pictures += 1;
        let file = target(&format!("screens/{}-{}-{what}.png", self.name, self.pictures));
        self.screen.picture(self.parent).unwrap().save(&file).unwrap();
    }

    /// What is called so and can be used.
    pub fn find(&self, name: &str) -> Option<Widget> {
        let all = self.bundle.drawn().unwrap().widgets;
        let found: Vec<Widget> = all.into_iter().filter(|one| one.name == name && one.enabled).collect();
        assert!(found.len() < 2, "two are called '{name}': {found:?}");
        found.into_iter().next()
    }

    /// Whether it stands there.
    pub fn says(&self, text: &str) -> bool {
        let has = |one: &Widget| one.name.contains(text) || one.value.contains(text);
        self.bundle.drawn().unwrap().widgets.iter().any(has)
    }

    /// What is called so, once it is there and has stood still for some blocks.
    pub fn wait_for(&mut self, name: &str) -> Widget {
        let (mut last, mut still) = (None, 0);
        self.until(&format!("'{name}' is there"), |seat| {
            let now = seat.find(name);
            still = if now.is_some() && now == last { still + 1 } else { 0 };
            last = now;
            still > 8
        });
        last.unwrap()
    }

    pub fn click(&mut self, name: &str) {
        let at = self.wait_for(name).middle();
        self.click_at(at);
    }

    /// Each move of the hand has a frame of its own.
    pub fn click_at(&mut self, (x, y): (i16, i16)) {
        self.screen.point(self.parent, x, y).unwrap();
        self.see();
        self.press(true);
        self.press(false);
    }

    /// Presses the mouse's button, or lets it go.
    pub fn press(&mut self, down: bool) {
        self.screen.press(down).unwrap();
        self.see();
    }

    /// Waits until the window has drawn what was done last.
    pub fn see(&mut self) {
        let frame = self.bundle.drawn().unwrap().frame;
        self.until("a frame is drawn", |seat| seat.bundle.drawn().unwrap().frame > frame);
    }

    /// Marks what is in a field and types something else.
    pub fn fill(&mut self, name: &str, text: &str) {
        self.click(name);
        self.until("the field has the keys", |seat| seat.find(name).is_some_and(|field| field.focused));
        self.screen.strike(&[key::CTRL], u32::from('a')).unwrap();
        self.screen.write(text).unwrap();
        self.until("it is typed", |seat| seat.find(name).is_some_and(|field| field.value == text));
    }

    /// The highest value of the last tenths of a second.
    pub fn peak(&self, tenths: usize) -> f32 {
        let from = self.heard.len().saturating_sub(4_800 * tenths);
        self.heard[from..].iter().fold(0.0, |most, x| most.max(x.abs()))
    }

    /// Waits until as loud as that is heard, and what it is.
    pub fn hear(&mut self, what: &str, loud: RangeInclusive<f32>) -> f32 {
        let from = self.heard.len();
        self.until(what, |seat| seat.heard.len() > from + 14_400 && loud.contains(&seat.peak(2)));
        self.peak(2)
    }

    /// What was told about a parameter since the last question.
    pub fn told_of(&mut self, id: ClapId) -> Vec<Told> {
        let told = self.told.iter().filter(|(of, _)| *of == id).map(|(_, told)| *told).collect();
        self.told.retain(|(of, _)| *of != id);
        told
    }
}
