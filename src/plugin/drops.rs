//! Files that are dragged onto the window, on X11 (its protocol XDND, version 5). The framework's window hears of them and passes nothing on; so
//! the property `XdndProxy` tells whoever drags to talk to a window of ours instead, which is never seen. It has a thread of its own, which sleeps until
//! somebody drags and ends with the window; what has come stands among egui's input with the next frame.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use egui::{Context, DroppedFile, HoveredFile, RawInput};
use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Of the protocol; and the most bytes of a list of files, longer ones are not taken.
const VERSION: u32 = 5;
const LONGEST: u32 = 256 << 10;

x11rb::atom_manager! {
    /// The words of the protocol.
    Atoms: AtomsCookie {
        XdndAware,
        XdndProxy,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndSelection,
        XdndTypeList,
        XdndActionCopy,
        URIS: b"text/uri-list",
        FILES: b"SEICHE_FILES",
        QUIT: b"SEICHE_QUIT",
    }
}

/// What the window is to be told of.
#[derive(Default)]
struct Seen {
    hovers: AtomicBool,
    paths: Mutex<Vec<PathBuf>>,
}

/// Listens as long as it lives.
pub struct Drops {
    connection: Arc<RustConnection>,
    /// The window that is talked to.
    ear: Window,
    quit: Atom,
    thread: Option<JoinHandle<()>>,
}

impl Drops {
    /// For this window, whose frames `egui` draws; `notify` asks for one. `None` where the screen has no room for it: then nothing can be dropped.
    pub fn listen(window: Window, egui: &Context, notify: impl Fn() + Send + 'static) -> Option<Drops> {
        let (connection, screen) = RustConnection::connect(None).ok()?;
        let connection = Arc::new(connection);
        let (ear, atoms) = announce(&connection, screen, window).ok()?;
        let seen = Arc::new(Seen::default());
        egui.add_plugin(Input(seen.clone()));
        let listener =
            Listener { connection: connection.clone(), window, ear, atoms, seen, notify, drag: None };
        let thread =
            std::thread::Builder::new().name("seiche drops".into()).spawn(move || listener.run()).ok()?;
        Some(Drops { connection, ear, quit: atoms.QUIT, thread: Some(thread) })
    }
}

impl Drop for Drops {
    fn drop(&mut self) {
        let quit = ClientMessageEvent::new(32, self.ear, self.quit, [0; 5]);
        // Where the connection is broken the thread has ended already.
        let _ = self.connection.send_event(false, self.ear, EventMask::NO_EVENT, quit);
        let _ = self.connection.flush();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Makes the window that is talked to, and says so to whoever drags.
fn announce(
    connection: &RustConnection,
    screen: usize,
    window: Window,
) -> Result<(Window, Atoms), ReplyOrIdError> {
    let atoms = Atoms::new(connection)?.reply()?;
    let (ear, root) = (connection.generate_id()?, connection.setup().roots[screen].root);
    let class = WindowClass::INPUT_ONLY;
    connection.create_window(0, ear, root, -1, -1, 1, 1, 0, class, 0, &CreateWindowAux::new())?;
    for of in [ear, window] {
        let kinds = [(atoms.XdndAware, AtomEnum::ATOM, VERSION), (atoms.XdndProxy, AtomEnum::WINDOW, ear)];
        for (name, kind, value) in kinds {
            connection.change_property32(PropMode::REPLACE, of, name, kind, &[value])?.check()?;
        }
    }
    Ok((ear, atoms))
}

/// Somebody drags.
struct Drag {
    source: Window,
    /// Files, and nothing else.
    welcome: bool,
}

struct Listener<N> {
    connection: Arc<RustConnection>,
    window: Window,
    ear: Window,
    atoms: Atoms,
    seen: Arc<Seen>,
    notify: N,
    drag: Option<Drag>,
}

impl<N: Fn()> Listener<N> {
    /// Until the window goes, or the connection.
    fn run(mut self) {
        while let Ok(event) = self.connection.wait_for_event() {
            let done = match event {
                Event::ClientMessage(message) if message.type_ == self.atoms.QUIT => return,
                Event::ClientMessage(message) => self.follow(message.type_, message.data.as_data32()),
                Event::SelectionNotify(answer) => self.take(answer.property),
                _ => Ok(()),
            };
            if done.and_then(|()| self.connection.flush()).is_err() {
                return;
            }
        }
    }

    fn follow(&mut self, kind: Atom, data: [u32; 5]) -> Result<(), ConnectionError> {
        let (atoms, source) = (self.atoms, data[0]);
        let known = self.drag.as_ref().is_some_and(|drag| drag.source == source);
        let welcome = known && self.drag.as_ref().is_some_and(|drag| drag.welcome);
        if kind == atoms.XdndEnter {
            let welcome = self.offers(data)?.contains(&atoms.URIS);
            self.drag = Some(Drag { source, welcome });
            self.hover(welcome);
        } else if kind == atoms.XdndPosition {
            let action = if welcome { atoms.XdndActionCopy } else { 0 };
            self.say(source, atoms.XdndStatus, [self.window, u32::from(welcome), 0, 0, action])?;
        } else if kind == atoms.XdndLeave && known {
            self.drag = None;
            self.hover(false);
        } else if kind == atoms.XdndDrop && known {
            self.hover(false);
            if welcome {
                let (what, as_what) = (atoms.XdndSelection, atoms.URIS);
                self.connection.convert_selection(self.ear, what, as_what, atoms.FILES, data[2])?;
            } else {
                self.finish(false)?;
            }
        }
        Ok(())
    }

    /// What there is to be had: three kinds stand in the message, more of them at the source.
    fn offers(&self, data: [u32; 5]) -> Result<Vec<Atom>, ConnectionError> {
        if data[1] & 1 == 0 {
            return Ok(data[2..].to_vec());
        }
        let ask = self.connection.get_property(
            false,
            data[0],
            self.atoms.XdndTypeList,
            AtomEnum::ATOM,
            0,
            1_024,
        )?;
        // A source that is gone has nothing.
        let kinds = ask.reply().ok().and_then(|reply| Some(reply.value32()?.collect()));
        Ok(kinds.unwrap_or_default())
    }

    /// Takes the list of files that was asked for.
    fn take(&mut self, property: Atom) -> Result<(), ConnectionError> {
        let ask =
            self.connection.get_property(true, self.ear, self.atoms.FILES, AtomEnum::ANY, 0, LONGEST / 4)?;
        let list = ask.reply().ok().filter(|reply| {
            property != x11rb::NONE && reply.type_ == self.atoms.URIS && reply.bytes_after == 0
        });
        let paths: Vec<PathBuf> = list.map(|list| files(&list.value)).unwrap_or_default();
        let some = !paths.is_empty();
        self.seen.paths.lock().unwrap_or_else(PoisonError::into_inner).extend(paths);
        (self.notify)();
        self.finish(some)
    }

    fn finish(&mut self, took: bool) -> Result<(), ConnectionError> {
        let Some(drag) = self.drag.take() else { return Ok(()) };
        let action = if took { self.atoms.XdndActionCopy } else { 0 };
        self.say(drag.source, self.atoms.XdndFinished, [self.window, u32::from(took), action, 0, 0])
    }

    fn say(&self, to: Window, kind: Atom, data: [u32; 5]) -> Result<(), ConnectionError> {
        let message = ClientMessageEvent::new(32, to, kind, data);
        self.connection.send_event(false, to, EventMask::NO_EVENT, message).map(drop)
    }

    fn hover(&self, hovers: bool) {
        self.seen.hovers.store(hovers, Ordering::Relaxed);
        (self.notify)();
    }
}

/// The files of a list of addresses (RFC 2483), those of other machines left out.
fn files(list: &[u8]) -> Vec<PathBuf> {
    let lines = list.split(|byte| matches!(byte, b'\r' | b'\n'));
    let path = |line: &[u8]| {
        let place = line.strip_prefix(b"file:")?;
        let place = match place.strip_prefix(b"//") {
            // Between the slashes stands the machine, or nothing; what is dragged here is of this one.
            Some(rest) => &rest[rest.iter().position(|byte| *byte == b'/')?..],
            None => place,
        };
        let bytes: Vec<u8> = percent_encoding::percent_decode(place).collect();
        Some(PathBuf::from(OsString::from_vec(bytes)))
    };
    lines.filter_map(path).collect()
}

/// Puts what was seen among egui's input.
struct Input(Arc<Seen>);

impl egui::Plugin for Input {
    fn debug_name(&self) -> &'static str {
        "drops"
    }

    fn input_hook(&mut self, _: &Context, input: &mut RawInput) {
        if self.0.hovers.load(Ordering::Relaxed) {
            input.hovered_files.push(HoveredFile::default());
        }
        let mut paths = self.0.paths.lock().unwrap_or_else(PoisonError::into_inner);
        input.dropped_files.extend(paths.drain(..).map(|path| Arc::new(File(path)) as _));
    }
}

/// A file that was dropped.
#[derive(Debug)]
struct File(PathBuf);

impl DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|fault| fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_files_by_their_addresses() {
        let list = b"# from a file manager\r\nfile:///music/a%20b.yaml\r\nfile://host/music/%C3%BC.wav\r\nfile:/c\r\n\
                     https://example.org/d.yaml\r\nfile://broken\r\n";
        let paths = files(list);
        assert_eq!(paths, ["/music/a b.yaml", "/music/ü.wav", "/c"].map(PathBuf::from));
        assert!(files(b"").is_empty());
    }
}
