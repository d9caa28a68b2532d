//! The screen of the tests with windows, one at a time.

use std::sync::Mutex;
use std::time::Duration;
use xtask::host::window::Screen;

/// Window tests run one after the other: the display is the process's.
static ONE: Mutex<()> = Mutex::new(());

pub fn with_screen(test: impl FnOnce(&Screen)) {
    beside_screen(|screen| {
        test(screen);
        assert!(window_threads_end(), "threads of a window go on after it was closed");
    });
}

/// The same where windows belong to other programs.
pub fn beside_screen(test: impl FnOnce(&Screen)) {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    let screen = Screen::shared().unwrap();
    // SAFETY: the tests of this program hold the lock above; nothing else of it reads the environment meanwhile.
    unsafe {
        std::env::set_var("DISPLAY", &screen.display);
        // What the user of this machine prefers is not tested, and not changed.
        std::env::set_var("SEICHE_PREFERENCES", "");
        std::env::set_var("LIBGL_ALWAYS_SOFTWARE", "1");
    }
    test(screen);
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
