//! What a hand does at the screen, as the X server's own input events: moves, clicks, drags, keys; and what the window says it shows, which tells the
//! hand where to go. X11 only.

use super::Bundle;
use super::window::Screen;
use crate::{Failed, failed};
use serde_json::Value;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, KEY_PRESS_EVENT, KEY_RELEASE_EVENT};

/// Keys that write nothing, by their names in X.
pub mod key {
    pub const BACK: u32 = 0xff08;
    pub const ENTER: u32 = 0xff0d;
    pub const ESCAPE: u32 = 0xff1b;
    pub const HOME: u32 = 0xff50;
    pub const LEFT: u32 = 0xff51;
    pub const DOWN: u32 = 0xff54;
    pub const END: u32 = 0xff57;
    pub const SHIFT: u32 = 0xffe1;
    pub const CTRL: u32 = 0xffe3;
}

impl Screen {
    /// Presses a key (its name in X; letters and signs are their own) while others are held, and lets go.
    pub fn strike(&self, holding: &[u32], key: u32) -> Result<(), Failed> {
        let (code, shift) = self.code(key)?;
        let mut held =
            holding.iter().map(|key| Ok(self.code(*key)?.0)).collect::<Result<Vec<u8>, Failed>>()?;
        if shift {
            held.push(self.code(key::SHIFT)?.0);
        }
        for down in &held {
            self.input(KEY_PRESS_EVENT, *down, 0, 0)?;
        }
        self.input(KEY_PRESS_EVENT, code, 0, 0)?;
        self.input(KEY_RELEASE_EVENT, code, 0, 0)?;
        for up in held.iter().rev() {
            self.input(KEY_RELEASE_EVENT, *up, 0, 0)?;
        }
        Ok(())
    }

    /// Types a text of letters and signs that the keyboard has.
    pub fn write(&self, text: &str) -> Result<(), Failed> {
        text.chars().try_for_each(|letter| self.strike(&[], u32::from(letter)))
    }

    /// The key that makes this, and whether Shift is held for it.
    fn code(&self, wanted: u32) -> Result<(u8, bool), Failed> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let rows = || map.keysyms.chunks(usize::from(map.keysyms_per_keycode));
        let find =
            |column: usize| (first..=last).zip(rows()).find(|(_, row)| row.get(column) == Some(&wanted));
        match (find(0), find(1)) {
            (Some((code, _)), _) => Ok((code, false)),
            (None, Some((code, _))) => Ok((code, true)),
            (None, None) => failed!("the keyboard of the screen has no key for {wanted:#x}"),
        }
    }
}

/// Something that is to be seen in the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    pub role: String,
    /// What it is called, and what it shows; a mere text has only the latter.
    pub name: String,
    pub value: String,
    /// Left, top, right, bottom in pixels of the window.
    pub at: [f64; 4],
    pub enabled: bool,
    pub on: bool,
    pub focused: bool,
}

impl Widget {
    pub fn middle(&self) -> (i16, i16) {
        let [left, top, right, bottom] = self.at;
        (((left + right) / 2.0) as i16, ((top + bottom) / 2.0) as i16)
    }

    fn read(value: &Value) -> Option<Widget> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let mut at = [0.0; 4];
        for (to, from) in at.iter_mut().zip(value["at"].as_array()?) {
            *to = from.as_f64()?;
        }
        let is = |key: &str| value[key].as_bool();
        let (role, name, value) = (text("role")?, text("name")?, text("value")?);
        Some(Widget {
            role,
            name,
            value,
            at,
            enabled: is("enabled")?,
            on: is("on")?,
            focused: is("focused")?,
        })
    }
}

/// What a window shows.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// How many frames were drawn before.
    pub frame: u64,
    pub widgets: Vec<Widget>,
}

impl Bundle {
    /// The last frame of the window that was drawn last, in all instances; nothing before its first. Only the bundle with counters tells.
    pub fn drawn(&self) -> Result<Drawn, Failed> {
        // SAFETY: the symbol, where it exists, is this project's own function of this type.
        let ask = unsafe {
            self.library.get::<unsafe extern "C" fn(*mut u8, usize) -> usize>(b"seiche_rt_window\0")
        };
        let Ok(ask) = ask else { return failed!("this bundle does not tell what its window shows") };
        let mut text = vec![0; 1 << 20];
        // SAFETY: there is room for as many bytes as are said.
        let length = unsafe { ask(text.as_mut_ptr(), text.len()) };
        if length == 0 {
            return Ok(Drawn::default());
        }
        let Some(text) = text.get(..length) else { return failed!("the window shows too much") };
        let drawn: Value = serde_json::from_slice(text)?;
        let Some(places) = drawn["places"].as_array() else {
            return failed!("the window says nothing of its places");
        };
        let widgets = places.iter().filter_map(Widget::read).collect();
        Ok(Drawn { frame: drawn["frame"].as_u64().unwrap_or_default(), widgets })
    }
}
