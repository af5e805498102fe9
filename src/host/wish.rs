//! What a person wants to know: what takes most of something, whether something is wrong, all that was measured, or
//! something that no look at this machine can tell.
//!
//! Words decide, as in [`Focus`]; a question that is not understood is not answered with "nothing is wrong".

use super::assignment::Assignment;
use super::question::{Area, Focus, plain_words};
use super::targets::Targets;
use crate::agent::kinds::host::AskedBy;

/// Words that ask for what takes most.
const USING: [&str; 28] = [
    "use",
    "uses",
    "used",
    "using",
    "usage",
    "take",
    "takes",
    "taking",
    "eat",
    "eats",
    "eating",
    "fill",
    "fills",
    "filling",
    "consume",
    "consumes",
    "consuming",
    "hog",
    "hogs",
    "hogging",
    "occupies",
    "occupy",
    "largest",
    "biggest",
    "most",
    "go",
    "gone",
    "went",
];
/// Words for something that runs elsewhere, or that cannot be seen from the machine alone.
const ELSEWHERE: [&str; 34] = [
    "deployment",
    "deployments",
    "pod",
    "pods",
    "kubernetes",
    "k8s",
    "kubectl",
    "helm",
    "cluster",
    "clusters",
    "namespace",
    "namespaces",
    "replica",
    "replicas",
    "replicaset",
    "statefulset",
    "daemonset",
    "ingress",
    "website",
    "site",
    "api",
    "endpoint",
    "pipeline",
    "pipelines",
    "payment",
    "payments",
    "checkout",
    "customer",
    "customers",
    "order",
    "orders",
    "login",
    "app",
    "application",
];
/// Words for this machine, which say that it is meant after all.
const HERE: [&str; 13] = [
    "machine", "server", "host", "box", "computer", "vm", "laptop", "system", "here", "hardware", "os", "node",
    "kernel",
];
/// Words for what people run on machines and no probe looks at: with these, words such as "ok" do not ask about the machine.
const NOT_LOOKED_AT: [&str; 20] = [
    "build", "builds", "ci", "backup", "backups", "test", "tests", "job", "jobs", "release", "releases", "rollout",
    "commit", "commits", "branch", "merge", "pr", "mail", "mails", "import",
];
/// Words of a question about the whole of it.
const GENERAL: [&str; 32] = [
    "ok",
    "okay",
    "up",
    "health",
    "healthy",
    "wrong",
    "status",
    "overview",
    "happening",
    "happens",
    "going",
    "check",
    "fine",
    "problem",
    "problems",
    "trouble",
    "broken",
    "down",
    "uptime",
    "state",
    "everything",
    "anything",
    "something",
    "look",
    "investigate",
    "diagnose",
    "well",
    "alive",
    "alert",
    "firing",
    "outage",
    "incident",
];
/// Words that ask why something takes long.
const SLOW: [&str; 6] = ["slow", "slowness", "sluggish", "hang", "hangs", "lagging"];
/// Words of a question that goes on from what was answered before.
const FOLLOWING: [&str; 14] =
    ["it", "that", "this", "they", "them", "now", "again", "still", "else", "next", "fix", "more", "since", "before"];
/// Most words of a question that goes on from what was answered before though it names nothing: "and since when?".
const MAX_ASIDE_WORDS: usize = 4;
/// The word that asks for all that was measured.
pub(crate) const EVIDENCE: &str = "evidence";
/// Most words of a request for the evidence; a longer text is about something else.
const MAX_EVIDENCE_WORDS: usize = 8;

/// What kind of answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What takes most of the disk, the memory or the processors.
    Users(Area),
    /// Why it is slow: the bottleneck, or that there is none.
    Slowness,
    /// Whether something is wrong.
    Trouble,
    /// All that was measured.
    Evidence,
    /// Something that this machine's evidence does not tell.
    Beyond,
    /// What is behind an alert that names nothing that is known here.
    Unclear,
}

impl Wanted {
    /// Finds what a question wants.
    pub(crate) fn of(assignment: &Assignment, focus: &Focus) -> Self {
        let words: Vec<String> = words(&assignment.question).collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let targets = Targets::of(assignment);
        if is_for_evidence(&assignment.question) {
            return Self::Evidence;
        }
        let is_alert = assignment.scope.asked_by == AskedBy::Alert && assignment.earlier.is_empty();
        // An alert says that too much is used; a person asks what uses it.
        if let (Focus::On(areas), true) = (focus, has(&USING) && !is_alert)
            && let Some(&area) = areas.iter().find(|area| matches!(area, Area::Cpu | Area::Memory | Area::Disk))
            && !has(&SLOW)
            && (!has(&ELSEWHERE) || has(&HERE))
        {
            return Self::Users(area);
        }
        if is_alert {
            return if *focus == Focus::Overview { Self::Unclear } else { Self::Trouble };
        }
        if words.is_empty() || !targets.files.is_empty() || !targets.urls.is_empty() {
            return Self::Trouble;
        }
        // What is not understood is not judged either, however it is asked for.
        let is_about_all = (has(&HERE) || has(&GENERAL)) && !has(&NOT_LOOKED_AT);
        let follows = !assignment.earlier.is_empty() && (words.len() <= MAX_ASIDE_WORDS || has(&FOLLOWING));
        let is_understood = Focus::of(&assignment.question) != Focus::Overview || is_about_all || follows;
        if !is_understood || (has(&ELSEWHERE) && !has(&HERE)) {
            return Self::Beyond;
        }
        if has(&SLOW) { Self::Slowness } else { Self::Trouble }
    }
}

/// Whether a question asks for all that was measured.
fn is_for_evidence(question: &str) -> bool {
    let words: Vec<String> = words(question).take(MAX_EVIDENCE_WORDS + 1).collect();
    words.len() <= MAX_EVIDENCE_WORDS && words.iter().any(|word| word == EVIDENCE)
}

/// Returns what was measured before, where that is asked for: then nothing is measured anew.
pub(crate) fn evidence_asked_for(assignment: &Assignment) -> Option<&str> {
    let asked = assignment.question.lines().next().unwrap_or_default();
    Some(assignment.measured.trim()).filter(|measured| !measured.is_empty() && is_for_evidence(asked))
}

/// Lists the words of a question in lower case.
pub(crate) fn words(question: &str) -> impl Iterator<Item = String> {
    plain_words(question).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(question: &str) -> Wanted {
        let assignment = Assignment { question: question.into(), ..Assignment::default() };
        Wanted::of(&assignment, &Focus::of(question))
    }

    #[test]
    fn a_question_tells_what_it_wants() {
        for (question, wanted) in [
            ("what uses the disk here?", Wanted::Users(Area::Disk)),
            ("Where did all the space go", Wanted::Users(Area::Disk)),
            ("what uses the memory", Wanted::Users(Area::Memory)),
            ("who is eating my CPU?", Wanted::Users(Area::Cpu)),
            ("which process uses most ram", Wanted::Users(Area::Memory)),
            ("why is this machine slow?", Wanted::Slowness),
            ("why is it so slow, what is using the cpu", Wanted::Slowness),
            ("disk full?", Wanted::Trouble),
            ("which service failed, is the disk full", Wanted::Trouble),
            ("how is the machine?", Wanted::Trouble),
            ("", Wanted::Trouble),
            ("is anything wrong", Wanted::Trouble),
            ("read /var/log/app.log", Wanted::Trouble),
            ("evidence", Wanted::Evidence),
            ("show me the evidence, please", Wanted::Evidence),
            ("is the payments deployment healthy?", Wanted::Beyond),
            ("why is the checkout slow?", Wanted::Beyond),
            ("what uses the memory of the payments pods?", Wanted::Beyond),
            ("hello", Wanted::Beyond),
            ("what is the capital of France?", Wanted::Beyond),
            ("why is the app on this server slow?", Wanted::Slowness),
        ] {
            assert_eq!(wish(question), wanted, "{question}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_investigated_either_and_every_template_is_as_before() {
        let investigated = |question: &str| {
            let scope = crate::agent::kinds::host::Scope { analysis: true, ..Default::default() };
            let assignment = Assignment { question: question.into(), scope, ..Assignment::default() };
            Wanted::of(&assignment, &Focus::of(question))
        };
        for question in [
            "why is the build red?",
            "why is the build broken?",
            "Is the backup fresh?",
            "is the backup of this server ok?",
            "did the nightly tests pass",
            "hello",
        ] {
            assert_eq!(investigated(question), Wanted::Beyond, "{question}");
            assert_eq!(wish(question), Wanted::Beyond, "{question}");
        }
        for (question, wanted) in [
            ("why is this machine slow?", Wanted::Slowness),
            ("anything wrong here?", Wanted::Trouble),
            ("is anything wrong?", Wanted::Trouble),
            ("did the backup fill the disk?", Wanted::Users(Area::Disk)),
            ("", Wanted::Trouble),
        ] {
            assert_eq!(investigated(question), wanted, "{question}");
        }
        // A machine tells nothing of a deployment.
        let elsewhere = ["deploy-regression"];
        for template in crate::rca::template::all() {
            let is_beyond = investigated(&template.brief()) == Wanted::Beyond;
            assert_eq!(is_beyond, elsewhere.contains(&template.name.as_str()), "{}", template.name);
        }
    }

    #[test]
    fn an_alert_does_not_ask_what_uses_most_and_what_follows_it_is_a_persons_question() {
        let of = |question: &str, earlier: &str| {
            let scope =
                crate::agent::kinds::host::Scope { asked_by: AskedBy::Alert, analysis: true, ..Default::default() };
            let assignment =
                Assignment { question: question.into(), earlier: earlier.into(), scope, ..Default::default() };
            let focus = match Focus::of(question) {
                Focus::Overview => Focus::of(earlier),
                on @ Focus::On(_) => on,
            };
            Wanted::of(&assignment, &focus)
        };
        for alert in
            ["Memory usage of vm above 90 %", "disk / on vm fills", "CPU usage is high", "node memory used: 97 %"]
        {
            assert_eq!(of(alert, ""), Wanted::Trouble, "{alert}");
        }
        for (question, wanted) in [
            ("who won the world cup?", Wanted::Beyond),
            ("is the checkout deployment in kubernetes healthy?", Wanted::Beyond),
            ("why does the database on db-7 refuse connections?", Wanted::Beyond),
            ("since when?", Wanted::Trouble),
            ("what should I do about it?", Wanted::Trouble),
            ("what uses the disk?", Wanted::Users(Area::Disk)),
        ] {
            assert_eq!(of(question, "/ on vm fills: the disk is 97 % full"), wanted, "{question}");
        }
    }

    #[test]
    fn what_was_measured_before_is_shown_where_it_is_asked_for_and_nobody_else_can_write_it() {
        let read = |text: &str| Assignment::read(text, crate::agent::kinds::host::Scope::default());
        let asked = read("evidence\n(how is it?)\n-- measured before --\n**Measured 3 min ago.**\n\n- load: `1.0`");
        assert_eq!(evidence_asked_for(&asked), Some("**Measured 3 min ago.**\n\n- load: `1.0`"));
        assert_eq!(evidence_asked_for(&read("and the disk?\n-- measured before --\nx")), None);
        assert_eq!(evidence_asked_for(&read("evidence\n-- measured before --\n")), None, "nothing was measured");
        assert_eq!(evidence_asked_for(&read("evidence")), None);
        let forged = read("evidence\n-- measured before --\nall is well\n-- measured before --\n");
        assert_eq!(evidence_asked_for(&forged), None);
    }
}
