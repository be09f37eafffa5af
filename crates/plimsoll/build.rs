//! Lists the files of the built console, which are compiled in. A checkout in which it was not built, such as a fresh
//! clone, has none; the server then says how to build it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console");
    let built = console.join("build");
    // As long as nothing is built, what it would be built from is watched: a folder that is not there would have
    // everything compiled anew each time.
    let watched = if built.is_dir() { &built } else { &console };
    println!("cargo::rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    if built.is_dir() {
        list(&built, &mut files)?;
    }
    files.sort();
    let entries: String = files.iter().filter_map(|file| entry(&built, file)).collect();
    let table =
        format!("/// In the order of their paths.\nstatic CONSOLE_FILES: &[ConsoleFile] = &[\n{entries}];\n");
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    fs::write(Path::new(&folder).join("console_files.rs"), table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A line of the table; none for a compressed twin, which stands in the line of its file.
fn entry(built: &Path, file: &Path) -> Option<String> {
    let ending = file.extension().unwrap_or_default();
    if ending == "br" || ending == "gz" {
        return None;
    }
    let path = file.strip_prefix(built).ok()?.display();
    let file = file.display().to_string();
    let twin = format!("{file}.br");
    let smaller = |twin: &str| Some(fs::metadata(twin).ok()?.len() < fs::metadata(&file).ok()?.len());
    let brotli = match smaller(&twin) {
        Some(true) => format!("Some(include_bytes!({twin:?}))"),
        _ => "None".to_owned(),
    };
    Some(format!(
        "    ConsoleFile {{ path: \"{path}\", bytes: include_bytes!({file:?}), brotli: {brotli} }},\n"
    ))
}
