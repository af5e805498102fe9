//! What an agent may name, and how.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::stat::Mode;
use tempfile::TempDir;

use super::*;
use crate::config::Redact;

/// A state directory, and beside it a directory in which an agent works.
struct Scene {
    place: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { place: tempfile::tempdir().expect("a directory") };
        for folder in ["state/tmp/7", "work/out", "else"] {
            std::fs::create_dir_all(scene.path(folder)).expect("made");
        }
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(path), content).expect("written");
    }

    fn naming(&self) -> Naming {
        Naming {
            task: TaskId::read("5pj46898").expect("an id"),
            state: self.path("state"),
            directories: vec![self.path("work"), self.path("state/tmp/7")],
            off_limits: vec![self.path("state").canonicalize().expect("there"), self.path("state")],
            lines: vec![NamingLine::read("MEDIA: {path}").expect("a line")],
            is_talk: true,
            max_file_bytes: 1000,
        }
    }

    /// Lets an agent answer.
    fn answer(&self, naming: &Naming, answer: &str, told: &[NamedFile]) -> Completion {
        let mut completion = Completion::without_answer(Status::Ok, None);
        completion.result = Some(answer.to_owned());
        let literals = vec!["hunter22".to_owned().into()];
        naming.take(&mut completion, told, &Redactor::new(&Redact { literals, prefixes: Vec::new() }));
        completion
    }

    /// Lets an agent name a path and nothing else; returns what is said, where it does not go.
    fn name(&self, path: &str) -> Option<String> {
        let completion = self.answer(&self.naming(), &format!("MEDIA: {path}"), &[]);
        assert_eq!(completion.files.is_empty(), completion.unattached.is_some(), "{path}");
        completion.unattached
    }

    fn content(&self, file: &Enclosed) -> Vec<u8> {
        std::fs::read(self.path("state").join(&file.kept().expect("a kept one").place)).expect("our copy")
    }
}

#[test]
fn what_an_answer_names_is_taken_out_of_it_and_kept() {
    let scene = Scene::new();
    scene.write("work/out/plot.png", b"\x89PNG");
    scene.write("work/b.csv", "a,b");
    let answer = "Done.\nMEDIA: out/plot.png\n```\nMEDIA: b.csv\n```\nMEDIA: `./b.csv`\nMEDIA: out/../b.csv\nBye.";
    let completion = scene.answer(&scene.naming(), answer, &[]);
    assert_eq!(completion.result.as_deref(), Some("Done.\n```\nMEDIA: b.csv\n```\nBye."));
    assert_eq!(completion.unattached, None);
    let [plot, table] = completion.files.as_slice() else { panic!("{:?}", completion.files) };
    assert_eq!((plot.file_name.as_str(), plot.media_type.as_str()), ("plot.png", "image/png"));
    assert_eq!((table.file_name.as_str(), table.media_type.as_str()), ("b.csv", "text/csv"));
    assert_eq!(scene.content(plot), b"\x89PNG");
    let kept = plot.kept().expect("kept");
    assert_eq!(kept.origin, Some(scene.path("work").canonicalize().expect("there").join("out/plot.png")));
    let copy = std::fs::metadata(scene.path("state").join(&kept.place)).expect("there").permissions().mode();
    assert_eq!(copy & 0o777, 0o600);
    std::fs::remove_file(scene.path("work/b.csv")).expect("removed");
    assert_eq!(scene.content(table), b"a,b", "what was there at the end of the run");
}

#[test]
fn an_answer_of_nothing_but_files_says_their_names_and_one_that_failed_keeps_its_words() {
    let scene = Scene::new();
    scene.write("work/a", "a");
    assert_eq!(scene.answer(&scene.naming(), "MEDIA: a\n", &[]).result.as_deref(), Some("Attached: `a`."));
    assert_eq!(scene.answer(&scene.naming(), "MEDIA: none", &[]).result.as_deref(), Some(""));
    let off = Naming { lines: Vec::new(), ..scene.naming() };
    let completion = scene.answer(&off, "MEDIA: a\n", &[]);
    assert_eq!((completion.result.as_deref(), completion.files.len()), (Some("MEDIA: a\n"), 0));
    let mut failed = Completion::without_answer(Status::ErrorCli, None);
    failed.result = Some("MEDIA: a".to_owned());
    scene.naming().take(&mut failed, &[NamedFile::Path("a".into())], &Redactor::new(&Redact::default()));
    assert_eq!((failed.result.as_deref(), failed.files.len()), (Some("MEDIA: a"), 0));
}

#[test]
fn only_plain_files_in_the_agents_directories_go_whatever_they_are_called() {
    let scene = Scene::new();
    scene.write("else/secret", "x");
    scene.write("state/signalbox.db", "x");
    scene.write("state/tmp/7/scratch.txt", "x");
    scene.write("work/large", "x".repeat(1001));
    scene.write("work/empty", "");
    scene.write("work/.env", "PASSWORD=hunter22");
    scene.write("work/binary", b"\xff\xfe\x00hunter22\xff");
    symlink("../else/secret", scene.path("work/link")).expect("a link");
    symlink(scene.path("else"), scene.path("work/folder")).expect("a link");
    nix::unistd::mkfifo(&scene.path("work/pipe"), Mode::S_IRWXU).expect("a pipe");
    let absolute = |path: &str| scene.path(path).to_str().expect("text").to_owned();
    let outside = [absolute("else/secret"), absolute("work/../else/secret"), absolute("state/signalbox.db")];
    let outside = outside.iter().map(String::as_str).chain([
        "../else/secret",
        "link",
        "folder/secret",
        "/etc/passwd",
        "/dev/zero",
    ]);
    for path in outside {
        let said = scene.name(path).expect(path);
        assert!(said.ends_with(" (outside of its directory)."), "{said}");
    }
    for (path, why) in [
        ("none", "not there"),
        ("out", "no file"),
        ("pipe", "no file"),
        ("empty", "empty"),
        ("large", "2 kB of at most 1 kB"),
        (".env", "a secret is in it"),
        ("binary", "a secret is in it"),
    ] {
        assert_eq!(scene.name(path), Some(format!("Not attached: `{path}` ({why}).")));
    }
    assert!(!scene.path("state/outgoing").exists(), "nothing was kept");
    std::fs::hard_link(scene.path("else/secret"), scene.path("work/hard")).expect("a second name");
    for path in ["hard", &absolute("work/hard"), &absolute("state/tmp/7/scratch.txt")] {
        assert_eq!(scene.name(path), None, "{path}");
    }
}

#[test]
fn an_agent_that_works_in_our_state_or_above_it_sends_nothing_of_ours() {
    let scene = Scene::new();
    scene.write("state/signalbox.db", "x");
    std::fs::create_dir_all(scene.path("state/work/9")).expect("made");
    std::fs::create_dir_all(scene.path("state/runs/1")).expect("made");
    scene.write("state/work/9/own", "x");
    scene.write("state/runs/1/events", "x");
    let files = |directory: &str, path: &str| {
        let naming = Naming { directories: vec![scene.path(directory)], ..scene.naming() };
        scene.answer(&naming, &format!("MEDIA: {path}"), &[]).files.len()
    };
    assert_eq!(files("state/work/9", "own"), 1);
    assert_eq!(files("state/work/9", "../../signalbox.db"), 0);
    for (directory, path) in
        [("", "state/signalbox.db"), ("state", "signalbox.db"), ("state/runs/1", "events"), ("state/work", "9/own")]
    {
        assert_eq!(files(directory, path), 0, "{directory} {path}");
    }
}

#[test]
fn a_link_in_the_place_of_its_directory_leads_an_agent_to_no_other_session() {
    let scene = Scene::new();
    for other in ["state/work/8", "state/trees/8", "state/tmp/8", "state/files/telegram/8", "projects"] {
        std::fs::create_dir_all(scene.path(other)).expect("made");
        if other != "projects" {
            scene.write(&format!("{other}/note"), "x");
        }
    }
    let files = |directory: &str, place: &str, to: &str| {
        symlink(scene.path(to), scene.path(place)).expect("a link");
        let naming = Naming { directories: vec![scene.path(directory)], ..scene.naming() };
        let files = scene.answer(&naming, "MEDIA: note", &[]).files.len();
        std::fs::remove_file(scene.path(place)).expect("removed");
        files
    };
    for to in ["state/work/8", "state/trees/8", "state/tmp/8", "state/files/telegram/8"] {
        assert_eq!(files("projects/web", "projects/web", to), 0, "a project: {to}");
        assert_eq!(files("state/work/9", "state/work/9", to), 0, "its own place: {to}");
    }
    scene.write("else/note", "x");
    assert_eq!(files("projects/web", "projects/web", "else"), 1, "a project may be a link");
}

#[test]
fn names_are_made_fit_and_many_files_are_bounded() {
    let scene = Scene::new();
    let odd = format!("work/\u{202e}a\n`b` 📈{}.PNG", "x".repeat(150));
    scene.write(&odd, "x");
    let told = [NamedFile::Path(scene.path(&odd).to_str().expect("text").to_owned())];
    let files = scene.answer(&scene.naming(), "Done.", &told).files;
    let name = &files[0].file_name;
    assert!(name.len() <= 100 && name.ends_with(".PNG") && !name.contains(['\n', '`', '\u{202e}']), "{name}");
    assert_eq!(files[0].media_type, "image/png");
    let long = format!("x/{}", "y".repeat(2000));
    assert!(scene.name(&long).is_some_and(|said| said.len() < 120 && said.ends_with("(not there).")));
    let mut answer = String::new();
    for number in 0..500 {
        scene.write(&format!("work/{number}"), number.to_string());
        answer.push_str(&format!("MEDIA: {number}\n"));
    }
    let completion = scene.answer(&scene.naming(), &answer, &[]);
    assert_eq!(completion.files.len(), 10);
    assert_eq!(completion.unattached.as_deref(), Some("Not attached: 490 more (an answer takes 10)."));
}

#[test]
fn what_an_agent_tells_whole_is_kept_under_a_fitting_name() {
    let scene = Scene::new();
    let told = |name: &str, media_type: Option<&str>, base64: Option<&str>, size_bytes| {
        let media_type = media_type.map(str::to_owned);
        NamedFile::Told(ToldFile { name: name.into(), media_type, base64: base64.map(str::to_owned), size_bytes })
    };
    let files = [
        told("image-1", Some("image/png"), Some("iVBORw=="), 4),
        told("../../x.sh", Some("te\nxt/x"), Some("aGk="), 2),
        told("broken", None, Some("?"), 4),
        told("huge", None, None, 20_000_000),
    ];
    let completion = scene.answer(&scene.naming(), "Look.", &files);
    let names: Vec<_> =
        completion.files.iter().map(|file| (file.file_name.as_str(), file.media_type.as_str())).collect();
    assert_eq!(names, [("image-1.png", "image/png"), ("x.sh", "application/octet-stream")]);
    assert_eq!(scene.content(&completion.files[0]), b"\x89PNG");
    let said = completion.unattached.expect("two do not go");
    assert_eq!(said, "Not attached: `broken` (not readable), `huge` (20 MB of at most 10 MB).");
}

#[test]
fn a_file_that_is_written_to_all_the_time_is_not_sent_in_half() {
    let scene = Scene::new();
    scene.write("work/log", "x");
    let file = File::open(scene.path("work/log")).expect("opened");
    assert_eq!(read(&file, 10).expect("read"), b"x");
    scene.write("work/log", "x".repeat(11));
    assert_eq!(read(&file, 10), Err(Why::Large { bytes: 11, most: 10 }));
}
