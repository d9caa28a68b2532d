//! A drag of files onto a window, as file managers do it on X11: the source's side of XDND, version 5, proxies included.

use super::window::Screen;
use crate::{Failed, failed};
use std::path::Path;
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

const PATIENCE: Duration = Duration::from_secs(30);

x11rb::atom_manager! {
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
        XdndActionCopy,
        URIS: b"text/uri-list",
    }
}

/// Files above a window that has said whether it wants them.
pub struct Drag<'a> {
    connection: &'a RustConnection,
    atoms: Atoms,
    source: Window,
    /// The window below the pointer, and the one that it is spoken to by.
    target: Window,
    ear: Window,
    list: String,
}

impl Screen {
    /// Drags files to the middle of the window that a plug-in has put into this one, and waits until they are welcome.
    pub fn drag(&self, parent: Window, files: &[&Path]) -> Result<Drag<'_>, Failed> {
        let connection = &self.connection;
        let atoms = Atoms::new(connection)?.reply()?;
        let Some(target) = connection.query_tree(parent)?.reply()?.children.first().copied() else {
            return failed!("there is no window to drag anything to");
        };
        let one = |of: Window, name: Atom| -> Result<Option<u32>, Failed> {
            let reply = connection.get_property(false, of, name, AtomEnum::ANY, 0, 1)?.reply()?;
            Ok(reply.value32().and_then(|mut values| values.next()))
        };
        let ear = one(target, atoms.XdndProxy)?.unwrap_or(target);
        if ear != target && one(ear, atoms.XdndProxy)? != Some(ear) {
            return failed!("the window names a proxy that is none");
        }
        if one(ear, atoms.XdndAware)?.is_none_or(|version| version < 5) {
            return failed!("the window takes nothing that is dragged");
        }
        let source = connection.generate_id()?;
        let look = CreateWindowAux::new();
        let root = connection.setup().roots[0].root;
        connection
            .create_window(0, source, root, -9, -9, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &look)?
            .check()?;
        connection.set_selection_owner(source, atoms.XdndSelection, x11rb::CURRENT_TIME)?.check()?;
        let list = files.iter().map(|file| format!("file://{}\r\n", escaped(file))).collect();
        let drag = Drag { connection, atoms, source, target, ear, list };
        drag.say(atoms.XdndEnter, [source, 5 << 24, atoms.URIS, 0, 0])?;
        let place = connection.translate_coordinates(target, root, 500, 350)?.reply()?;
        let at = (place.dst_x as u32) << 16 | place.dst_y as u32;
        drag.say(atoms.XdndPosition, [source, 0, at, x11rb::CURRENT_TIME, atoms.XdndActionCopy])?;
        let status = drag.answer(atoms.XdndStatus)?;
        if status[0] != target || status[1] & 1 == 0 {
            return failed!("the files are not welcome: {status:?}");
        }
        Ok(drag)
    }
}

impl Drag<'_> {
    /// Goes away again.
    pub fn leave(&mut self) -> Result<(), Failed> {
        self.say(self.atoms.XdndLeave, [self.source, 0, 0, 0, 0])
    }

    /// Lets the files go. Whether they were taken.
    pub fn release(&mut self) -> Result<bool, Failed> {
        self.say(self.atoms.XdndDrop, [self.source, 0, x11rb::CURRENT_TIME, 0, 0])?;
        Ok(self.answer(self.atoms.XdndFinished)?[1] & 1 == 1)
    }

    fn say(&self, kind: Atom, data: [u32; 5]) -> Result<(), Failed> {
        let message = ClientMessageEvent::new(32, self.target, kind, data);
        Ok(self.connection.send_event(false, self.ear, EventMask::NO_EVENT, message)?.check()?)
    }

    /// What the window says next of this kind; the files are handed over when it asks for them.
    fn answer(&self, kind: Atom) -> Result<[u32; 5], Failed> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.connection.poll_for_event()? {
                Some(Event::ClientMessage(message))
                    if message.type_ == kind && message.window == self.source =>
                {
                    return Ok(message.data.as_data32());
                }
                Some(Event::SelectionRequest(request)) => self.hand_over(&request)?,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        failed!("the window does not answer")
    }

    fn hand_over(&self, request: &SelectionRequestEvent) -> Result<(), Failed> {
        let (mode, bytes) = (PropMode::REPLACE, self.list.as_bytes());
        self.connection
            .change_property8(mode, request.requestor, request.property, self.atoms.URIS, bytes)?
            .check()?;
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: request.property,
        };
        Ok(self.connection.send_event(false, request.requestor, EventMask::NO_EVENT, told)?.check()?)
    }
}

impl Drop for Drag<'_> {
    fn drop(&mut self) {
        // Where the screen has gone there is nothing to tidy up.
        let _ = self.connection.destroy_window(self.source);
        let _ = self.connection.flush();
    }
}

/// As it stands in an address.
fn escaped(file: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    file.as_os_str().as_encoded_bytes().iter().map(|byte| one(*byte)).collect()
}
