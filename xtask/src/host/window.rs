//! A screen without a monitor, a parent window in it, and pictures of what the plug-in draws there (X11 only).

use super::Instance;
use crate::{Failed, failed};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt, CreateWindowAux, ImageFormat,
    MOTION_NOTIFY_EVENT, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// An Xvfb of our own. It ends by itself when its last client has gone, and `connection` is held as long as this process lives:
/// graphics drivers end a process whose display goes away.
pub struct Screen {
    pub(super) connection: RustConnection,
    number: usize,
    pub display: String,
}

impl Screen {
    /// The screen of this process, started on a free display number when it is first asked for.
    pub fn shared() -> Result<&'static Screen, Failed> {
        static SCREEN: OnceLock<Screen> = OnceLock::new();
        if let Some(screen) = SCREEN.get() {
            return Ok(screen);
        }
        let screen = Screen::start()?;
        Ok(SCREEN.get_or_init(|| screen))
    }

    fn start() -> Result<Screen, Failed> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-terminate", "-screen", "0", "1400x1000x24", "+extension", "GLX"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| Failed(format!("cannot start Xvfb: {e} (cargo xtask setup installs it)")))?;
        let Some(stdout) = server.stdout.take() else { return failed!("Xvfb has no output") };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let display = format!(":{}", line.trim());
        let (connection, number) = RustConnection::connect(Some(&display))?;
        Ok(Screen { connection, number, display })
    }

    /// A mapped window to put a plug-in's window into.
    pub fn parent(&self, width: u16, height: u16) -> Result<u32, Failed> {
        let root = &self.connection.setup().roots[self.number];
        let id = self.connection.generate_id()?;
        let look = CreateWindowAux::new().background_pixel(root.black_pixel);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection
            .create_window(COPY_DEPTH_FROM_PARENT, id, root.root, 20, 20, width, height, 0, class, 0, &look)?
            .check()?;
        self.connection.map_window(id)?.check()?;
        Ok(id)
    }

    /// The windows that stand on the screen itself.
    pub fn tops(&self) -> Result<Vec<u32>, Failed> {
        let root = self.connection.setup().roots[self.number].root;
        Ok(self.connection.query_tree(root)?.reply()?.children)
    }

    pub fn close(&self, window: u32) -> Result<(), Failed> {
        Ok(self.connection.destroy_window(window)?.check()?)
    }

    /// Moves the mouse to a place in a window.
    pub fn point(&self, window: u32, x: i16, y: i16) -> Result<(), Failed> {
        let root = self.connection.setup().roots[self.number].root;
        let at = self.connection.translate_coordinates(window, root, x, y)?.reply()?;
        self.input(MOTION_NOTIFY_EVENT, 0, at.dst_x, at.dst_y)
    }

    /// Presses the left button, or lets it go.
    pub fn press(&self, down: bool) -> Result<(), Failed> {
        self.input(if down { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT }, 1, 0, 0)
    }

    pub(super) fn input(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), Failed> {
        let root = self.connection.setup().roots[self.number].root;
        Ok(self.connection.xtest_fake_input(kind, detail, 0, root, x, y, 0)?.check()?)
    }

    /// What is to be seen in a window.
    pub fn picture(&self, window: u32) -> Result<Picture, Failed> {
        let size = self.connection.get_geometry(window)?.reply()?;
        let (width, height) = (size.width, size.height);
        let image =
            self.connection.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, width, height, !0)?.reply()?;
        // 24 bits deep in 32-bit words, blue first.
        let pixels = image.data.chunks_exact(4).map(|p| [p[2], p[1], p[0]]).collect();
        Ok(Picture { width: u32::from(width), height: u32::from(height), pixels })
    }
}

/// A screenshot.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// How many different colours there are: 1 for an empty window, hundreds for a drawn one.
    pub fn colours(&self) -> usize {
        self.pixels.iter().collect::<HashSet<_>>().len()
    }

    pub fn save(&self, path: &Path) -> Result<(), Failed> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        let mut encoder = png::Encoder::new(file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(self.pixels.as_flattened())?;
        Ok(())
    }
}

const EMBEDDED: GuiConfiguration = GuiConfiguration { api_type: GuiApiType::X11, is_floating: false };

impl Instance {
    /// Whether the plug-in can open a window inside ours.
    pub fn has_window(&mut self) -> bool {
        let Ok(gui) = self.gui() else { return false };
        gui.is_api_supported(&self.plugin.plugin_handle(), EMBEDDED)
    }

    /// Opens the plug-in's window inside `parent`, with a pause between creating and showing it, as slow hosts have one.
    pub fn open_window(&mut self, parent: u32, pause: Duration) -> Result<(u32, u32), Failed> {
        let gui: PluginGui = self.gui()?;
        let plugin = self.plugin.plugin_handle();
        gui.create(&plugin, EMBEDDED)?;
        let Some(size) = gui.get_size(&plugin) else { return failed!("the plug-in's window has no size") };
        std::thread::sleep(pause);
        // SAFETY: the parent is a live window of ours and outlives the plug-in's window.
        unsafe { gui.set_parent(&plugin, Window::from_x11_handle(parent.into())) }?;
        std::thread::sleep(pause);
        gui.show(&plugin)?;
        Ok((size.width, size.height))
    }

    /// Makes the plug-in's window larger or smaller. What it takes of it.
    pub fn resize_window(&mut self, width: u32, height: u32) -> Result<(u32, u32), Failed> {
        let gui = self.gui()?;
        let plugin = self.plugin.plugin_handle();
        if !gui.can_resize(&plugin) {
            return failed!("the window cannot be resized");
        }
        let wanted = GuiSize { width, height };
        let size = gui.adjust_size(&plugin, wanted).unwrap_or(wanted);
        gui.set_size(&plugin, size)?;
        Ok((size.width, size.height))
    }

    pub fn close_window(&mut self) -> Result<(), Failed> {
        let gui = self.gui()?;
        gui.destroy(&self.plugin.plugin_handle());
        Ok(())
    }

    /// Lets the plug-in run for a while, as a host's main loop does.
    pub fn idle_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.idle();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_an_empty_parent_has_one_colour() {
        let screen = Screen::shared().unwrap();
        let window = screen.parent(300, 200).unwrap();
        let picture = screen.picture(window).unwrap();
        assert_eq!((picture.width, picture.height, picture.pixels.len()), (300, 200, 60_000));
        assert_eq!(picture.colours(), 1);
    }
}
