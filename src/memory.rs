//! How much memory there is, so that what cannot fit is refused with a figure before it is asked for: a failed allocation
//! would end the program at once.

use std::path::{Path, PathBuf};

/// Bytes that can be had without swapping, within what the process (`ulimit`) and its control groups (containers) are
/// limited to; `None` where the system does not say.
pub fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let left = [
        kilobytes(&read("/proc/meminfo"), "MemAvailable:"),
        of_process(&read("/proc/self/limits"), &read("/proc/self/status")),
        of_groups(&read("/proc/self/cgroup"), Path::new("/sys/fs/cgroup")),
    ];
    left.into_iter().flatten().min()
}

/// The entry of that name in a file of /proc that counts in units of 1024 bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    number_after(text, name)?.checked_mul(1024)
}

/// The number after `name` on the line that begins with it.
fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// What is left to this process of its own limits, RLIMIT_AS and RLIMIT_DATA.
fn of_process(limits: &str, status: &str) -> Option<u64> {
    let of = |limit, used| {
        let limit = number_after(limits, limit)?;
        Some(spendable(limit, kilobytes(status, used)?))
    };
    let left = [
        of("Max address space", "VmSize:"),
        of("Max data size", "VmData:"),
    ];
    left.into_iter().flatten().min()
}

/// What a limit leaves. The last eighth stays for what nobody reckons: threads' stacks, the screen, the allocator's own.
fn spendable(limit: u64, used: u64) -> u64 {
    let left = limit.saturating_sub(used);
    left - left / 8
}

/// The files of a control group of memory.
struct Group {
    mount: PathBuf,
    limit: &'static str,
    used: &'static str,
    /// Pages of files that are counted as used, and given up when memory is short.
    cached: [&'static str; 2],
}

impl Group {
    /// By the controllers that a line of /proc/self/cgroup names: none in version 2 (the kernel's cgroup-v2.rst).
    fn of(controllers: &str, root: &Path) -> Option<Group> {
        if controllers.is_empty() {
            return Some(Group {
                mount: root.to_path_buf(),
                limit: "memory.max",
                used: "memory.current",
                cached: ["inactive_file", "active_file"],
            });
        }
        controllers
            .split(',')
            .any(|c| c == "memory")
            .then(|| Group {
                mount: root.join("memory"),
                limit: "memory.limit_in_bytes",
                used: "memory.usage_in_bytes",
                cached: ["total_inactive_file", "total_active_file"],
            })
    }

    fn left(&self, folder: &Path) -> Option<u64> {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
        let (limit, used) = (number(self.limit)?, number(self.used)?);
        let stat = read("memory.stat").unwrap_or_default();
        let cached = self.cached.map(|name| number_after(&stat, name));
        let cached = cached.into_iter().flatten().fold(0, u64::saturating_add);
        Some(spendable(limit, used.saturating_sub(cached)))
    }
}

/// What is left of the limits of the control groups that `cgroup` (/proc/self/cgroup) names, and of all groups around them.
/// In a container, whose root is the group itself, only the outermost of these folders may be there.
fn of_groups(cgroup: &str, root: &Path) -> Option<u64> {
    let of_line = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let group = Group::of(controllers, root)?;
        let folders = Path::new(path.trim_start_matches('/')).ancestors();
        folders
            .filter_map(|folder| group.left(&group.mount.join(folder)))
            .min()
    };
    cgroup.lines().filter_map(of_line).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn meminfo_is_read_in_bytes() {
        let text = "MemTotal:       24640000 kB\nMemFree:  1 kB\nMemAvailable:   16000000 kB\n";
        let available = |text| kilobytes(text, "MemAvailable:");
        assert_eq!(available(text), Some(16_384_000_000));
        assert_eq!(available("nothing"), None);
        assert_eq!(available("MemAvailable: 99999999999999999999 kB"), None);
    }

    #[test]
    fn a_process_has_what_its_limits_leave() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max data size             unlimited            unlimited            bytes     \n\
                      Max address space         1024000              unlimited            bytes     \n";
        let status = "Name:\tgradlab\nVmSize:\t     200 kB\nVmData:\t     100 kB\n";
        assert_eq!(of_process(limits, status), Some(819_200 / 8 * 7));
        assert_eq!(of_process(limits, ""), None);
        assert_eq!(of_process("", status), None);
        let none = limits.replace("1024000", "unlimited");
        assert_eq!(of_process(&none, status), None);
        let beyond = limits.replace("1024000  ", "1000     ");
        assert_eq!(of_process(&beyond, status), Some(0));
    }

    fn write(folder: &Path, files: [(&str, &str); 3]) {
        fs::create_dir_all(folder).expect("folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("file");
        }
    }

    #[test]
    fn the_tightest_of_the_groups_around_a_process_counts() {
        let root = tempfile::tempdir().expect("folder");
        let root = root.path();
        let stat = "anon 5\ninactive_file 300\nactive_file 100\n";
        let of = |max, current| {
            [
                ("memory.max", max),
                ("memory.current", current),
                ("memory.stat", stat),
            ]
        };
        write(&root.join("a/b"), of("max\n", "500\n"));
        write(&root.join("a"), of("1000\n", "600\n"));
        assert_eq!(of_groups("0::/a/b\n", root), Some(700));
        assert_eq!(of_groups("0::/elsewhere\n", root), None);
        write(root, of("800\n", "400\n"));
        // a container's path is the host's
        assert_eq!(of_groups("0::/docker/1234\n", root), Some(700));
        assert_eq!(of_groups("", root), None);
    }

    #[test]
    fn groups_of_version_1_are_asked_too() {
        let root = tempfile::tempdir().expect("folder");
        let files = [
            ("memory.limit_in_bytes", "1000\n"),
            ("memory.usage_in_bytes", "900\n"),
            (
                "memory.stat",
                "inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 0\n",
            ),
        ];
        write(&root.path().join("memory/a"), files);
        let text = "9:name=systemd:/\n4:hugetlb,memory:/a\n0::/\n";
        assert_eq!(of_groups(text, root.path()), Some(175));
    }
}
