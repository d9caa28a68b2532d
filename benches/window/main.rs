//! The window's bench, which is nothing where Seiche is built without its window.

#[cfg(feature = "plugin")]
mod frame;

fn main() {
    #[cfg(feature = "plugin")]
    frame::main();
}
