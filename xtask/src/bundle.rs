//! Builds the plug-in in release mode, lays the one binary into a CLAP and a VST3 bundle, checks what it exports, and copies
//! the bundles to the user's folders.

use crate::shell::{cargo, run, target};
use crate::{Failed, failed};
use object::Object;
use std::fs;
use std::path::{Path, PathBuf};

/// Which build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What users get.
    Release,
    /// The same with the counter of allocations on the audio thread, and with what stands where in the window.
    RtCheck,
}

/// Both bundles of one build.
#[derive(Clone, Debug)]
pub struct Bundles {
    pub clap: PathBuf,
    pub vst3: PathBuf,
}

const NAME: &str = "Seiche";
const ENTRIES: &[&str] = &["clap_entry", "GetPluginFactory"];
/// How a host starts and ends a VST3 module, per system.
const MODULE: &[&str] = if cfg!(target_os = "macos") {
    &["bundleEntry", "bundleExit"]
} else if cfg!(windows) {
    &["InitDll", "ExitDll"]
} else {
    &["ModuleEntry", "ModuleExit"]
};
const COUNTERS: &[&str] =
    &["seiche_rt_allocations", "seiche_rt_allocate_once", "seiche_rt_voices", "seiche_rt_window"];

impl Kind {
    fn folder(self) -> PathBuf {
        target(match self {
            Kind::Release => "bundled",
            Kind::RtCheck => "rt-check",
        })
    }

    /// Where the bundles of this kind are once they are built.
    pub fn bundles(self) -> Bundles {
        let folder = self.folder();
        Bundles { clap: folder.join(format!("{NAME}.clap")), vst3: folder.join(format!("{NAME}.vst3")) }
    }
}

impl Bundles {
    pub fn print(&self) {
        println!("{}\n{}", self.clap.display(), self.vst3.display());
    }

    /// The binary inside the VST3 bundle.
    pub fn vst3_binary(&self) -> PathBuf {
        self.vst3.join(vst3_inside())
    }

    /// The file to load for the CLAP: the bundle itself, or the binary inside it on macOS.
    pub fn clap_binary(&self) -> PathBuf {
        if cfg!(target_os = "macos") {
            self.clap.join("Contents/MacOS").join(NAME)
        } else {
            self.clap.clone()
        }
    }
}

/// Where the binary lies in a `.vst3` folder.
fn vst3_inside() -> PathBuf {
    match std::env::consts::OS {
        "macos" => format!("Contents/MacOS/{NAME}").into(),
        "windows" => format!("Contents/{}-win/{NAME}.vst3", std::env::consts::ARCH).into(),
        _ => format!("Contents/{}-linux/{NAME}.so", std::env::consts::ARCH).into(),
    }
}

/// Builds and bundles.
pub fn build(kind: Kind) -> Result<Bundles, Failed> {
    let library = target("release").join(format!(
        "{}seiche{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    // Both kinds leave their library under the same name, and cargo takes the other kind's file for fresh: remove it first.
    let kept = library.parent().map(|p| p.join("deps").join(library.file_name().unwrap_or_default()));
    for stale in [Some(library.clone()), kept].into_iter().flatten() {
        if exports(&stale)
            .is_ok_and(|names| names.iter().any(|n| n == COUNTERS[0]) != (kind == Kind::RtCheck))
        {
            fs::remove_file(&stale)?;
        }
    }
    let mut command = cargo();
    command.args(["build", "--release", "--package", "seiche", "--lib"]);
    if kind == Kind::RtCheck {
        command.args(["--features", "rt-check"]);
    }
    run(&mut command)?;
    check_exports(&library, kind)?;

    let bundles = kind.bundles();
    replace(&library, &bundles.vst3, &vst3_inside())?;
    if cfg!(target_os = "macos") {
        replace(&library, &bundles.clap, &Path::new("Contents/MacOS").join(NAME))?;
        for folder in [&bundles.clap, &bundles.vst3] {
            fs::write(folder.join("Contents/Info.plist"), plist())?;
            fs::write(folder.join("Contents/PkgInfo"), "BNDL????")?;
        }
    } else {
        remove(&bundles.clap)?;
        fs::copy(&library, &bundles.clap)?;
    }
    Ok(bundles)
}

/// A fresh bundle folder with the library at its place.
fn replace(library: &Path, folder: &Path, inside: &Path) -> Result<(), Failed> {
    remove(folder)?;
    let binary = folder.join(inside);
    if let Some(parent) = binary.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(library, binary)?;
    Ok(())
}

fn remove(path: &Path) -> Result<(), Failed> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// The names a library offers to others.
pub fn exports(library: &Path) -> Result<Vec<String>, Failed> {
    let bytes = fs::read(library)?;
    let file = object::File::parse(bytes.as_slice())?;
    let mut all = Vec::new();
    for export in file.exports()? {
        if let object::read::NameOrOrdinal::Name(name) = export?.name() {
            all.push(String::from_utf8_lossy(name).trim_start_matches('_').to_string());
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn check_exports(library: &Path, kind: Kind) -> Result<(), Failed> {
    let names = exports(library)?;
    let counters: &[&str] = if kind == Kind::RtCheck { COUNTERS } else { &[] };
    let missing: Vec<_> =
        [ENTRIES, MODULE, counters].concat().into_iter().filter(|w| !names.iter().any(|n| n == w)).collect();
    if !missing.is_empty() {
        return failed!("{} does not export {}", library.display(), missing.join(", "));
    }
    if kind == Kind::Release && names.iter().any(|n| COUNTERS.contains(&n.as_str())) {
        return failed!("{} exports the test counters; it must not", library.display());
    }
    Ok(())
}

fn plist() -> String {
    let pairs = [
        ("CFBundleExecutable", NAME),
        ("CFBundleIdentifier", "org.seiche.seiche"),
        ("CFBundleName", NAME),
        ("CFBundlePackageType", "BNDL"),
        ("CFBundleSignature", "????"),
        ("CFBundleVersion", env!("CARGO_PKG_VERSION")),
        ("CFBundleShortVersionString", env!("CARGO_PKG_VERSION")),
        ("NSHighResolutionCapable", "true"),
    ];
    let body: String = pairs.iter().map(|(k, v)| format!("  <key>{k}</key><string>{v}</string>\n")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{body}</dict>\n</plist>\n"
    )
}

/// Builds the bundles and copies them to the user's plug-in folders.
pub fn install() -> Result<(), Failed> {
    crate::setup::packages()?;
    let bundles = build(Kind::Release)?;
    let (clap, vst3) = user_folders()?;
    for (bundle, folder) in [(&bundles.clap, clap), (&bundles.vst3, vst3)] {
        let place = folder.join(bundle.file_name().unwrap_or_default());
        fs::create_dir_all(&folder)?;
        remove(&place)?;
        copy_all(bundle, &place)?;
        println!("installed {}", place.display());
    }
    Ok(())
}

/// The user's CLAP and VST3 folders.
fn user_folders() -> Result<(PathBuf, PathBuf), Failed> {
    let variable = if cfg!(windows) { "LOCALAPPDATA" } else { "HOME" };
    let Some(home) = std::env::var_os(variable).map(PathBuf::from) else {
        return failed!("the variable {variable} is not set, so the plug-in folders are unknown");
    };
    Ok(match std::env::consts::OS {
        "macos" => (home.join("Library/Audio/Plug-Ins/CLAP"), home.join("Library/Audio/Plug-Ins/VST3")),
        "windows" => (home.join("Programs/Common/CLAP"), home.join("Programs/Common/VST3")),
        _ => (home.join(".clap"), home.join(".vst3")),
    })
}

/// Copies a file, or a folder with what is in it.
pub fn copy_all(from: &Path, to: &Path) -> Result<(), Failed> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
