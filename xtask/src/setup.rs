//! Prepares a machine: system packages (Debian and Ubuntu) and a Python environment with the hosts that come as wheels.
//! Says what it does, does nothing twice, and is quick when nothing is missing.

use crate::shell::{self, has_program, target};
use crate::{Failed, failed};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Debian package, and how to see that what it brings is there.
struct Package {
    name: &'static str,
    sign: Sign,
    why: &'static str,
}

enum Sign {
    /// One of these programs.
    Program(&'static [&'static str]),
    /// A file of the linker's folders, by the beginning of its name.
    Library(&'static str),
    File(&'static str),
}

const PACKAGES: &[Package] = &[
    Package { name: "gcc", sign: Sign::Program(&["cc"]), why: "links Rust programs" },
    Package { name: "g++", sign: Sign::Program(&["c++"]), why: "compiles the VST3 side of the plug-in" },
    Package { name: "libc6-dev", sign: Sign::Library("libpthread.a"), why: "links Rust programs" },
    Package { name: "libx11-6", sign: Sign::Library("libX11.so.6"), why: "opens the plug-in's window" },
    Package {
        name: "libx11-xcb1",
        sign: Sign::Library("libX11-xcb.so.1"),
        why: "opens the plug-in's window",
    },
    Package {
        name: "libxkbcommon-x11-0",
        sign: Sign::Library("libxkbcommon-x11.so.0"),
        why: "reads the keyboard in the window",
    },
    Package { name: "libegl1", sign: Sign::Library("libEGL.so.1"), why: "draws the window" },
    Package {
        name: "libgl1-mesa-dri",
        sign: Sign::Library("dri/swrast_dri.so"),
        why: "draws without a graphics card",
    },
    Package {
        name: "libxcb1-dev",
        sign: Sign::File("/usr/include/xcb/xcb.h"),
        why: "builds the VST3 test host",
    },
    Package {
        name: "pkg-config",
        sign: Sign::Program(&["pkg-config"]),
        why: "finds the libraries of `seiche play`",
    },
    Package {
        name: "libasound2-dev",
        sign: Sign::File("/usr/include/alsa/asoundlib.h"),
        why: "builds `seiche play`",
    },
    Package {
        name: "libjack-jackd2-dev",
        sign: Sign::File("/usr/include/jack/jack.h"),
        why: "builds `seiche play`",
    },
    Package { name: "jackd2", sign: Sign::Program(&["jackd"]), why: "a server to test `seiche play` with" },
    Package { name: "xvfb", sign: Sign::Program(&["Xvfb"]), why: "a screen for window tests" },
    Package {
        name: "python3-venv",
        sign: Sign::File("/usr/share/doc/python3-venv"),
        why: "environment for pedalboard and dawdreamer",
    },
    Package {
        name: "ardour",
        sign: Sign::Program(&["ardour7-lua", "ardour8-lua"]),
        why: "a full DAW as test host",
    },
];

/// Python packages of the test hosts, pinned.
const WHEELS: &[&str] = &["pedalboard==0.9.26", "dawdreamer==0.9.0", "numpy<3", "mido==1.3.3"];

const LIBRARY_FOLDERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
];

/// Everything: packages and Python.
pub fn run() -> Result<(), Failed> {
    packages()?;
    python().map(|_| ())
}

/// The system packages.
pub fn packages() -> Result<(), Failed> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing: Vec<&Package> = PACKAGES.iter().filter(|p| !p.sign.present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("setup: missing on this machine:");
    for p in &missing {
        println!("  {:<20} {}", p.name, p.why);
    }
    if !has_program("apt-get") {
        println!(
            "setup: this is not Debian or Ubuntu: please install the counterparts of these packages yourself."
        );
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|p| p.name).collect();
    println!("setup: apt-get install {}", names.join(" "));
    let install = |quiet: bool| {
        let mut command = as_root()?;
        command.args(["apt-get", "install", "-y", "-q", "--no-install-recommends"]).args(&names);
        if quiet { shell::text(&mut command).map(|_| ()) } else { shell::run(&mut command) }
    };
    // The package lists may be old or absent: ask for them only when the first attempt needs them.
    if install(true).is_ok() {
        return Ok(());
    }
    println!("setup: apt-get update");
    shell::run(as_root()?.args(["apt-get", "update", "-q"]))?;
    install(false)
}

/// A command line that runs what follows as root, without questions.
fn as_root() -> Result<Command, Failed> {
    let is_root = shell::text(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = match (is_root, has_program("sudo")) {
        (true, _) => Command::new("env"),
        (false, true) => {
            let mut c = Command::new("sudo");
            c.arg("env");
            c
        }
        (false, false) => {
            return failed!(
                "installing packages needs root or sudo; install the packages above and start again"
            );
        }
    };
    command.arg("DEBIAN_FRONTEND=noninteractive");
    Ok(command)
}

impl Sign {
    fn present(&self) -> bool {
        match self {
            Sign::Program(names) => names.iter().any(|n| has_program(n)),
            Sign::File(path) => Path::new(path).exists(),
            Sign::Library(name) => LIBRARY_FOLDERS.iter().any(|folder| Path::new(folder).join(name).exists()),
        }
    }
}

/// The Python of the test hosts' own environment, made when it is missing or its list of packages changed.
pub fn python() -> Result<PathBuf, Failed> {
    let home = target("venv");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = home.join("seiche-packages");
    let wanted = WHEELS.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    println!("setup: making target/venv with {}", WHEELS.join(", "));
    let base = base_python()?;
    shell::run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&home))?;
    shell::run(
        Command::new(&python).args(["-m", "pip", "install", "-q", "--only-binary", ":all:"]).args(WHEELS),
    )?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

/// A Python for which the pinned wheels exist.
fn base_python() -> Result<&'static str, Failed> {
    const NAMES: &[&str] = &["python3.11", "python3.12", "python3.13", "python3.10", "python3"];
    let works = |name: &&&str| {
        let check = "import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))";
        shell::output(Command::new(name).args(["-c", check])).is_ok_and(|o| o.status.success())
    };
    match NAMES.iter().find(works) {
        Some(name) => Ok(name),
        None => failed!(
            "no Python 3.10 to 3.13 with venv was found; it is needed for the hosts pedalboard and dawdreamer"
        ),
    }
}
