//! Projects: where the sessions of a chat work, and git work trees of their own.

use std::path::Path;
use std::process::Command;

use signalbox_test_support::everyday::{House, eventually};

/// Runs git in a directory, as a person would, and returns what it prints.
fn git(directory: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Kim", "-c", "user.email=kim@example.org"];
    let output = Command::new("git").args(identity).arg("-C").arg(directory).args(arguments).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Makes a repository with one commit.
fn repository(directory: &Path) {
    std::fs::create_dir(directory).expect("a directory");
    git(directory, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(directory.join("kept.txt"), "kept").expect("a file");
    git(directory, &["add", "."]);
    git(directory, &["commit", "--quiet", "-m", "one"]);
}

/// A house with a repository as the project `web` with work trees, and an agent that tells where it is.
fn house() -> House {
    let house = House::new("");
    repository(&house.path("web"));
    let keys = format!(
        "projects.web = {{ path = {:?}, worktree = true }}\nprojects.plain = {:?}\n\
         agents.pwd = {{ kind = \"command\", command = [\"pwd\"] }}\n\
         agents.mess = {{ kind = \"command\", command = [\"sh\", \"-c\", \"echo x > new.txt\"] }}\n\
         agents.work = {{ kind = \"command\", command = [\"sh\", \"-c\", \"echo x > own.txt; git add .; git -c \
         user.name=Kim -c user.email=kim@example.org commit --quiet -m two\"] }}",
        house.path("web"),
        house.path("plain")
    );
    std::fs::create_dir(house.path("plain")).expect("a directory");
    house.configure(&keys);
    house
}

#[test]
fn a_chat_has_a_project_until_it_leaves_it() {
    let house = house();
    house.say("/project").was(0, "This chat has no project");
    house.say("/project use wbe").refused("the known ones are plain, web");
    house.say("/project use plain").was(0, "New sessions of this chat work in plain");
    let plain = house.text("plain");
    house.say("/session --name one @pwd x").was(0, &plain);
    house.say("/project").was(0, "work in plain");
    house.say("/project none").was(0, "no project any more");
    let said = house.say("/session --name two @pwd x").was(0, "Complete");
    assert!(!said.out.contains(&plain), "{said:#?}");
}

#[test]
fn a_project_that_is_not_configured_any_more_is_told() {
    let house = house();
    house.say("/project use web").was(0, "each in a git work tree of its own");
    house.configure("agents.pwd = { kind = \"command\", command = [\"pwd\"] }");
    house.say("/session @pwd x").refused("web is not configured any more");
    assert_eq!(house.sessions().len(), 0);
}

#[test]
fn a_session_has_a_work_tree_of_its_own_which_goes_with_it() {
    let house = house();
    let _serving = house.serve();
    house.say("/project use web").was(0, "web");
    let said = house.say("/session --name one @pwd x").was(0, "/trees/one-");
    let tree = said.out.lines().find(|line| line.contains("/trees/one-")).expect("a directory").trim().to_owned();
    assert!(Path::new(&tree).join("kept.txt").exists());
    let shown = house.say("/session show one").was(0, "signalbox/one-");
    assert!(shown.out.contains("all is committed"), "{shown:#?}");
    let branch = git(Path::new(&tree), &["branch", "--show-current"]);
    house.say("/session end").was(0, "Its work tree is removed; nothing was committed.");
    eventually("the work tree is gone", || !Path::new(&tree).exists());
    eventually("the branch is gone", || git(&house.path("web"), &["branch", "--list", &branch]).is_empty());
    assert_eq!(git(&house.path("web"), &["status", "--porcelain"]), "", "the project itself is as it was");
}

#[test]
fn what_is_not_committed_is_kept_and_named() {
    let house = house();
    house.say("/session --project web --name one @mess x").was(0, "Complete");
    house.say("/session show one").was(0, "new.txt");
    let said = house.say("/session end one").was(0, "Not committed, so its work tree stays in ");
    assert!(said.out.contains("new.txt"), "{said:#?}");
    let tree = house.session("one")["directory"].as_str().expect("a directory").to_owned();
    assert!(Path::new(&tree).join("new.txt").exists());
    house.say("/session show one").was(0, &tree);
    house.say("/session use one").refused("The session one is closed");
    // It is looked at again with the next start, and goes once nothing would be lost.
    std::fs::remove_file(Path::new(&tree).join("new.txt")).expect("removed");
    let _serving = house.serve();
    eventually("the work tree is gone", || !Path::new(&tree).exists());
}

#[test]
fn commits_of_a_session_stay_on_its_branch() {
    let house = house();
    let _serving = house.serve();
    house.say("/session --project web --name one @work x").was(0, "Complete");
    house.say("/session end one").was(0, "stays on the branch signalbox/one-");
    let web = house.path("web");
    eventually("the work tree is gone", || git(&web, &["worktree", "list"]).lines().count() == 1);
    assert_eq!(git(&web, &["log", "--format=%s", "--branches", "--not", "main"]), "two");
}

#[test]
fn a_project_that_is_no_repository_says_so_and_runs_nothing() {
    let house = house();
    std::fs::remove_dir_all(house.path("web/.git")).expect("removed");
    let said = house.say("/session --project web --name one @pwd x").was(1, "is no git repository");
    assert!(said.out.contains("Run git init and commit there, or set worktree = false"), "{said:#?}");
    house.say("/session list").was(0, "No sessions yet");
    // Once there is one, what failed is tried again.
    std::fs::remove_file(house.path("web/kept.txt")).expect("removed");
    std::fs::remove_dir(house.path("web")).expect("removed");
    repository(&house.path("web"));
    house.say("/session retry one").was(0, "/trees/one-");
    house.say("/session list").was(0, "one");
}
