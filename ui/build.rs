//! Builds the web page inside `OUT_DIR` and never touches the source tree, so that a plain `cargo build` has the page in it.
//!
//! `SPOOR_UI` says how: unset builds when Node is there and embeds a placeholder page when it is not; `require` fails
//! without Node; `skip` always takes the placeholder; anything else is a folder with a page that was built before.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script writes what cargo can make again; store::disk is for data"
)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All that the page is made of.
const SOURCES: &[&str] =
    &["index.html", "package.json", "package-lock.json", "public", "src", "tsconfig.json", "vite.config.ts"];
/// The oldest Node that Vite runs on, per major version; newer majors are fine.
const NODE_MIN: &[(u32, u32)] = &[(20, 19), (22, 12)];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let source = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let dist = out.join("dist");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SPOOR_UI");
    for name in SOURCES {
        println!("cargo:rerun-if-changed={name}");
    }
    let wish = std::env::var("SPOOR_UI").unwrap_or_default();
    match wish.as_str() {
        "skip" => placeholder(&dist),
        "" | "auto" | "require" => build_or_explain(&source, &out, &dist, wish == "require"),
        folder => {
            println!("cargo:rerun-if-changed={folder}");
            if !Path::new(folder).join("index.html").is_file() {
                return Err(format!(
                    "SPOOR_UI={folder} has no index.html; want require, skip or a built page"
                )
                .into());
            }
            copy_into(Path::new(folder), &dist)
        }
    }
}

fn build_or_explain(source: &Path, out: &Path, dist: &Path, required: bool) -> Outcome<()> {
    let ready =
        find_node().and_then(|()| install(source, &out.join("page")).map_err(|error| error.to_string()));
    match ready {
        Ok(()) => build(&out.join("page"), dist),
        Err(reason) if required => Err(format!("the web page cannot be built: {reason}").into()),
        Err(reason) => {
            println!("cargo:rerun-if-env-changed=PATH");
            println!("cargo:warning=the web page is not built, a placeholder is embedded: {reason}");
            placeholder(dist)
        }
    }
}

fn find_node() -> Result<(), String> {
    let output = Command::new("node").arg("--version").output();
    let version = match output {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => return Err("Node is not in PATH (20.19 or newer is needed)".to_owned()),
    };
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let enough = NODE_MIN.iter().any(|min| found.0 == min.0 && found.1 >= min.1) || found.0 > 22;
    if enough {
        Ok(())
    } else {
        Err(format!("Node {version} is too old (20.19, or 22.12 and newer, is needed)"))
    }
}

/// Copies the sources and installs what the build needs, unless the lock file is the one already installed.
fn install(source: &Path, page: &Path) -> Outcome<()> {
    for name in SOURCES {
        copy_into(&source.join(name), &page.join(name))?;
    }
    let lock = fs::read(page.join("package-lock.json"))?;
    let stamp = page.join("installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]);
    run(npm.current_dir(page))?;
    fs::write(stamp, lock)?;
    Ok(())
}

fn build(page: &Path, dist: &Path) -> Outcome<()> {
    let mut vite = Command::new("node");
    vite.arg("node_modules/vite/bin/vite.js").arg("build").arg("--emptyOutDir").arg("--outDir").arg(dist);
    run(vite.current_dir(page))
}

fn run(command: &mut Command) -> Outcome<()> {
    let output = command.output().map_err(|error| format!("failed to start {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{command:?} failed ({}):\n{}", output.status, String::from_utf8_lossy(&said)).into())
}

/// Makes `to` a copy of the file or folder `from`; what stood there before goes.
fn copy_into(from: &Path, to: &Path) -> Outcome<()> {
    if !from.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, to).map_err(|error| format!("failed to copy {}: {error}", from.display()))?;
        return Ok(());
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_into(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn placeholder(dist: &Path) -> Outcome<()> {
    if dist.exists() {
        fs::remove_dir_all(dist)?;
    }
    fs::create_dir_all(dist)?;
    fs::write(dist.join("index.html"), include_str!("rust/placeholder.html"))?;
    Ok(())
}
