//! The program is killed at every moment that matters, again and again, and nothing is lost or said twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rusqlite::{Connection, OpenFlags};

use signalbox_test_support::everyday::{House, Talk, eventually};
use signalbox_test_support::terminal::Terminal;

/// Kills in the story; half of them at commits, half at any time.
const KILLS: usize = 210;
/// Commits of one prompt's journey: accepted, session id, result, receipts; and a few of a start.
const COMMITS_OF_A_JOURNEY: usize = 9;
/// Longest life of a victim that is killed at any time.
const LIFE: Duration = Duration::from_millis(70);

/// Longest wait for a commit; who has done all that it was asked is killed then.
const QUIET: Duration = Duration::from_millis(500);

/// Returns the story's seed, printed so that a failure can be told again with `SIGNALBOX_STORY_SEED`.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("SIGNALBOX_STORY_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("SIGNALBOX_STORY_SEED={seed}");
    seed
}

/// Watches for commits of any process, as closely as can be without being told.
struct Commits {
    database: Connection,
}

impl Commits {
    fn of(house: &House) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self { database: Connection::open_with_flags(house.state().join("signalbox.db"), flags).expect("a database") }
    }

    fn version(&self) -> i64 {
        self.database.query_row("PRAGMA data_version", [], |row| row.get(0)).expect("a version")
    }

    /// Waits for so many commits, for the end of the victim, or until nothing more happens; looks without a pause, to be
    /// there at the boundary.
    fn wait_for(&self, commits: usize, victim: &mut Talk) {
        let mut last = self.version();
        let mut seen = 0;
        let until = Instant::now() + QUIET;
        while seen < commits && victim.goes_on() && Instant::now() < until {
            let now = self.version();
            seen += usize::from(now != last);
            last = now;
        }
    }
}

/// Kills a victim at the n-th commit, or at any time.
fn kill_it(victim: &mut Talk, commits: &Commits, nth: usize, random: &mut fastrand::Rng) {
    if nth.is_multiple_of(2) {
        commits.wait_for(1 + nth / 2 % COMMITS_OF_A_JOURNEY, victim);
    } else {
        let until = Instant::now() + LIFE.mul_f64(random.f64());
        while Instant::now() < until && victim.goes_on() {
            std::hint::spin_loop();
        }
    }
    if victim.goes_on() {
        victim.signal(Signal::SIGKILL);
    }
}

/// What the rows say at the end.
fn check_rows(house: &House, first: i64) -> Vec<String> {
    let database = Connection::open(house.state().join("signalbox.db")).expect("a database");
    let wrong = |what: &str, sql: &str| {
        let found: i64 =
            database.query_row(&format!("SELECT count(*) FROM ({sql})"), [], |row| row.get(0)).expect(what);
        assert_eq!(found, 0, "{what}");
    };
    // What a failure needs to be understood.
    let sql = "SELECT t.id || ' ' || t.status || ' ' || t.attempt || ' ' || coalesce(t.error, '') || ': ' ||
        (SELECT group_concat(e.at || ' ' || e.what || ' ' || e.detail, ', ') FROM task_events e WHERE e.task = t.id)
        FROM tasks t WHERE t.status <> 'ok' OR t.attempt <> 1";
    let mut odd = database.prepare(sql).expect("a statement");
    for line in odd.query_map([], |row| row.get::<_, String>(0)).expect("rows") {
        println!("{}", line.expect("text"));
    }
    wrong("an accepted message is handled", "SELECT 1 FROM inbox WHERE state <> 'done'");
    wrong(
        "an accepted prompt is exactly one task",
        &format!(
            "SELECT 1 FROM inbox i WHERE i.id > {first} AND (SELECT count(*) FROM tasks t WHERE t.inbox = i.id) <> 1"
        ),
    );
    wrong("every task is answered", "SELECT 1 FROM tasks WHERE status <> 'ok' OR attempt <> 1");
    wrong(
        "every task has exactly one result",
        "SELECT 1 FROM tasks t WHERE (SELECT count(*) FROM outbox o WHERE o.task = t.id AND o.purpose = 0) <> 1",
    );
    wrong("every result was delivered", "SELECT 1 FROM outbox WHERE purpose = 0 AND state <> 'delivered'");
    wrong(
        "every session is idle, with its agent's session",
        "SELECT 1 FROM sessions WHERE status <> 'idle' OR agent_session IS NULL",
    );
    let mut prompts = database.prepare("SELECT prompt FROM tasks ORDER BY seq").expect("a statement");
    let prompts = prompts.query_map([], |row| row.get(0)).expect("rows");
    prompts.collect::<Result<_, _>>().expect("texts")
}

/// Every prompt ran once, in the agent's session that its row names.
fn check_agents(house: &House, prompts: &[String]) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, prompt) in house.runs() {
        *times.entry(prompt).or_default() += 1;
    }
    for prompt in prompts {
        assert_eq!(times.get(prompt), Some(&1), "{prompt:?} ran once");
    }
    assert_eq!(times.len(), prompts.len(), "nothing ran that was not accepted");
    let database = Connection::open(house.state().join("signalbox.db")).expect("a database");
    let sql = "SELECT t.prompt, s.agent_session FROM tasks t JOIN sessions s ON s.id = t.session";
    let mut statement = database.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let session_of: BTreeMap<String, String> = rows.collect::<Result<_, _>>().expect("texts");
    for (session, _, prompt) in house.runs() {
        assert_eq!(session_of.get(&prompt), Some(&session), "{prompt:?} ran in its own conversation");
    }
}

/// Every answer was printed once, or again with the mark of a possible repeat.
fn check_prints(prompts: &[String], printed: &[String]) {
    for prompt in prompts {
        let answer = prompt.rsplit("answer ").next().expect("an answer");
        let (mut marked, mut plain) = (0, 0);
        for text in printed {
            for (at, _) in text.match_indices(answer) {
                // The headline stands before the answer, and the mark before the headline.
                let head = text[..at].rfind("] Complete").and_then(|head| text[..head].rfind('[')).expect("a headline");
                if text[..head].trim_end().ends_with("(may be a repeat)") {
                    marked += 1;
                } else {
                    plain += 1;
                }
            }
        }
        assert!(marked + plain >= 1, "{answer:?} was printed");
        assert!(plain <= 1, "{answer:?} was printed {plain} times without a mark");
    }
}

#[test]
fn two_hundred_kills_lose_nothing_and_repeat_nothing() {
    let house = House::new("limits.max_sessions_per_chat = 1000\nlimits.max_queued_per_chat = 1000");
    let mut random = fastrand::Rng::with_seed(seed());
    house.say("/status").was(0, "Nothing is running");
    let before = house.count("inbox");
    let commits = Commits::of(&house);
    let mut talks: Vec<Talk> = Vec::new();
    let mut kills = 0;
    let mut life = 0;
    while kills < KILLS {
        life += 1;
        let prompt = |n: usize| format!("/session --name s{life}-{n} script: say working; answer life {life} no {n}!");
        if life % 3 == 0 {
            // A process that serves is killed under two terminals that are attached to it; one of them is killed too.
            let mut serving = house.start(house.command(&["serve"]));
            let mut terminals: Vec<Talk> = (0..2).map(|n| house.begin(&prompt(n))).collect();
            kill_it(&mut serving, &commits, life, &mut random);
            kill_it(&mut terminals[0], &commits, life + 1, &mut random);
            kills += 2;
            talks.extend(terminals);
        } else {
            let mut terminal = house.begin(&prompt(0));
            kill_it(&mut terminal, &commits, life, &mut random);
            kills += 1;
            talks.push(terminal);
        }
    }
    let serving = house.serve();
    eventually("all tasks have ended", || house.count("tasks WHERE finished_at IS NULL") == 0);
    let last = Terminal::open(&house);
    eventually("all results are shown", || house.count("outbox WHERE purpose = 0 AND state <> 'delivered'") == 0);
    eventually("no agent is left", || house.agents().is_empty());
    let asked = house.count("inbox") - before;
    let prompts = check_rows(&house, before);
    assert_eq!(i64::try_from(prompts.len()), Ok(asked), "every accepted prompt is a task");
    assert!(prompts.len() > KILLS / 4, "the kills left some prompts to be accepted: {}", prompts.len());
    println!("{kills} kills in {life} lives, {} prompts accepted", prompts.len());
    check_agents(&house, &prompts);
    let mut printed: Vec<String> = talks.iter().map(Talk::out).collect();
    printed.push(last.text());
    check_prints(&prompts, &printed);
    drop(serving);
}
