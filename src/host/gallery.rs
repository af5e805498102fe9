//! Questions and alerts on recorded machines, with the answers as a person reads them.

use super::incidents::Recording;
use super::*;
use crate::agent::kinds::host::AskedBy;
use crate::rca::Rca;

/// Most lines of an answer in a chat, empty ones not counted.
const MAX_LINES: usize = 6;

/// What is asked, and of which recorded machine.
const QUESTIONS: [(&str, &str); 14] = [
    ("idle", "how is the machine?"),
    ("idle", "why is this machine slow?"),
    ("idle", "what uses the memory?"),
    ("idle", "what uses the disk here?"),
    ("idle", "is sshd running?"),
    ("idle", "is the payments deployment healthy?"),
    ("idle", "what is the capital of France?"),
    ("idle", "which ports are open?"),
    ("cpu-hog", "why is this machine slow?"),
    ("cpu-hog", "what uses the cpu?"),
    ("leak-oom", "what eats the memory?"),
    ("full-disk", "what fills the disk?"),
    ("full-disk", "disk full?"),
    ("crash-loop", "service billing keeps crashing"),
];

/// The labels of an alert, and the recorded machine it is about.
const ALERTS: [(&str, &str); 11] = [
    ("cpu-hog", "title: Too many 500s\nlabel service: shop\nlink: https://acme.io/d/7"),
    ("cpu-hog", "title: HighCpu\nlabel alertname: HighCpu\nlabel severity: warning"),
    ("leak-oom", "title: OOMKilled\nlabel alertname: MemoryPressure"),
    ("full-disk", "title: DiskWillFill on /\nlabel alertname: DiskWillFill\nlabel mountpoint: /"),
    ("inodes", "title: InodesLow\nannotation summary: no space left on device, inodes"),
    ("fd-leak", "title: TooManyOpenFiles\nannotation summary: too many open files"),
    ("crash-loop", "title: UnitRestarting\nannotation summary: service billing restarts"),
    ("idle", "title: HighCpu\nlabel alertname: HighCpu"),
    ("idle", "title: DiskWillFill\nlabel instance: db-1:9100"),
    ("idle", "title: KubeDeploymentReplicasMismatch\nlabel deployment: payments\nlabel namespace: shop"),
    ("idle", "title: KubePodCrashLooping\nlabel pod: payments-7d9f\nannotation summary: pod restarts"),
];

/// What a person has investigated, and on which recorded machine.
const INVESTIGATED: [(&str, &str); 5] = [
    ("idle", "why is the build red?"),
    ("cpu-hog", "Is the backup fresh?"),
    ("idle", "High CPU: a machine whose processors are busy"),
    ("idle", "anything wrong here?"),
    ("cpu-hog", "why is this machine slow?"),
];

fn answer(recorded: &str, question: &str, asked_by: AskedBy, analysis: bool) -> String {
    let scope = Scope { asked_by, analysis, ..Scope::default() };
    let assignment = Assignment { question: question.into(), scope, ..Assignment::default() };
    let mut answer = String::new();
    investigate(&assignment, &Recording::of(recorded).machine(), &mut |event| {
        if let Event::Final(Final { outcome: Ok(text), .. }) = event {
            answer.clone_from(text);
        }
        Ok(())
    })
    .unwrap();
    answer
}

#[test]
fn questions_are_answered_in_six_lines() {
    let mut all = String::new();
    for (recorded, question) in QUESTIONS {
        let answer = answer(recorded, question, AskedBy::Person, false);
        let lines = answer.lines().filter(|line| !line.is_empty()).count();
        assert!(lines <= MAX_LINES, "{question}: {lines} lines\n{answer}");
        assert!(!answer.contains("rules"), "{question}: {answer}");
        all.push_str(&format!("## {recorded}: {question}\n{answer}\n\n"));
    }
    insta::assert_snapshot!("questions", all);
}

/// Shows analyses as a person reads them.
fn analyses(asked: &[(&str, &str)], asked_by: AskedBy) -> String {
    let mut all = String::new();
    for (recorded, question) in asked {
        let rca: Rca = serde_json::from_str(&answer(recorded, question, asked_by, true)).unwrap();
        all.push_str(&format!(
            "## {recorded}: {}\n{:?}: {}\n",
            question.replace('\n', "; "),
            rca.verdict,
            rca.root_cause.claim
        ));
        rca.analysis.iter().for_each(|claim| all.push_str(&format!("- {}\n", claim.claim)));
        rca.next_steps.iter().for_each(|step| all.push_str(&format!("> {step}\n")));
        all.push('\n');
    }
    all
}

#[test]
fn alerts_are_analysed() {
    insta::assert_snapshot!("alerts", analyses(&ALERTS, AskedBy::Alert));
}

#[test]
fn what_cannot_be_judged_from_here_is_investigated_with_no_verdict() {
    insta::assert_snapshot!("investigated", analyses(&INVESTIGATED, AskedBy::Person));
}
