//! A file is written whole or not at all: into a temporary file beside it, onto the disk, then renamed over it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a temporary file's name begins and ends with.
const TEMPORARY: (&str, &str) = (".gradlab-", ".tmp");
/// No file takes so long to be written: whoever wrote it was killed.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Replaces `path` by `bytes`. Whatever happens, `path` is the old file or the new one; a device or a pipe is written to
/// as it is.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(found) => Some(found.permissions()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let target = through_links(path);
    let folder = folder_of(&target);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        // As any new file's: what the umask leaves of it.
        options.mode(old.as_ref().map_or(0o666, PermissionsExt::mode));
    }
    // Opened here, because an error of the library's own names the temporary file, which nobody asked for.
    let file = tempfile::Builder::new()
        .prefix(TEMPORARY.0)
        .suffix(TEMPORARY.1)
        .make_in(&folder, |path| options.open(path))?;
    // Not through the wrapper, whose errors name the temporary file, too.
    file.as_file().write_all(bytes)?;
    if let Some(old) = old {
        // A file that is replaced keeps its own, whatever the umask; not every drive has them.
        let _ = file.as_file().set_permissions(old);
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|e| e.error)?;
    clear_stale(&folder, SystemTime::now());
    sync_folder(&folder)
}

/// The file that a symbolic link leads to, there or not yet, so that the link stays one.
fn through_links(path: &Path) -> PathBuf {
    let target = fs::canonicalize(path);
    target.unwrap_or_else(|_| match fs::read_link(path) {
        Ok(to) => through_links(&folder_of(path).join(to)),
        Err(_) => path.to_path_buf(),
    })
}

/// Removes what killed programs have left half written. It is no trouble to anybody where that fails.
fn clear_stale(folder: &Path, now: SystemTime) {
    let is_stale = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1));
        let age = || {
            now.duration_since(entry.metadata()?.modified()?)
                .map_err(io::Error::other)
        };
        is_ours && age().is_ok_and(|age| age > STALE)
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for stale in entries.filter(is_stale) {
        let _ = fs::remove_file(stale.path());
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The rename itself has to reach the disk. File systems that cannot sync a folder say so; the file is whole either way.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        Err(e)
            if !matches!(
                e.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(e)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a");
        write_whole(&path, b"old").expect("write");
        write_whole(&path, b"new").expect("write");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn what_a_killed_program_left_goes_after_a_day() {
        let folder = tempfile::tempdir().expect("folder");
        let names = [".gradlab-abc123.tmp", ".gradlab-abc123.toml", "a.tmp"];
        for name in names {
            fs::write(folder.path().join(name), b"half").expect("write");
        }
        let left = || fs::read_dir(folder.path()).expect("list").count();
        let now = SystemTime::now();
        clear_stale(folder.path(), now + STALE / 2);
        assert_eq!(left(), 3, "it may be being written");
        clear_stale(folder.path(), now + 2 * STALE);
        assert_eq!(left(), 2);
        assert!(!folder.path().join(names[0]).exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_no_file() {
        let folder = tempfile::tempdir().expect("folder");
        let error = write_whole(&folder.path().join("no/a"), b"x").expect_err("no folder");
        assert!(!error.to_string().contains(TEMPORARY.0), "{error}");
        assert!(write_whole(folder.path(), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn follows_a_link() {
        let folder = tempfile::tempdir().expect("folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, b"old").expect("write");
        std::os::unix::fs::symlink(&target, &link).expect("link");
        write_whole(&link, b"new").expect("write");
        assert_eq!(fs::read(&target).expect("read"), b"new");
        assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn follows_a_link_to_a_file_that_is_not_there_yet() {
        let folder = tempfile::tempdir().expect("folder");
        let link = |name: &str, to: &str| {
            let path = folder.path().join(name);
            std::os::unix::fs::symlink(to, &path).expect("link");
            path
        };
        let second = link("second", "target");
        let first = link("first", "second");
        write_whole(&first, b"new").expect("write");
        assert_eq!(
            fs::read(folder.path().join("target")).expect("read"),
            b"new"
        );
        for link in [first, second] {
            assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
        }
        let circle = link("circle", "circle");
        assert!(write_whole(&circle, b"new").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode_whatever_the_umask() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a");
        fs::write(&path, b"old").expect("write");
        for mode in [0o666, 0o664, 0o600, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            write_whole(&path, b"new").expect("write");
            let kept = fs::metadata(&path).expect("file").permissions().mode();
            assert_eq!(kept & 0o777, mode);
        }
    }
}
